// Makes docs/samples.png, the README's picture: the sample photos with what the command says of them.
// Run by `npm run picture`, after a build.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import sharp from 'sharp';

const json = execFileSync(process.execPath, ['dist/cli.js', 'classify', '--json', '--top', '3'], { encoding: 'utf8' });
const { adapter, milliseconds, images } = JSON.parse(json);

const WIDTH = 300;
const HEIGHT = 220;
const plain = (/** @type {string} */ text) => text.replace(/_/g, ' ').replace(/&/g, '&amp;').replace(/</g, '&lt;');
const cards = await Promise.all(
  images.map(
    async (
      /** @type {{ file: string, top: { label: string, probability: number }[] }} */ { file, top },
      /** @type {number} */ i,
    ) => {
      const photo = await sharp(file).resize(WIDTH, HEIGHT, { fit: 'cover' }).jpeg({ quality: 82 }).toBuffer();
      const x = 20 + i * (WIDTH + 20);
      const rows = top.map(({ label, probability }, row) => {
        const y = 20 + HEIGHT + 16 + row * 34;
        const percent = (100 * probability).toFixed(1);
        return `
        <rect x="${x}" y="${y}" width="${WIDTH}" height="26" rx="4" fill="#e8edf2"/>
        <rect x="${x}" y="${y}" width="${Math.max(4, WIDTH * probability)}" height="26" rx="4" fill="${row ? '#b9d3e6' : '#7fb2d9'}"/>
        <text x="${x + 8}" y="${y + 18}" class="label">${plain(label)}</text>
        <text x="${x + WIDTH - 8}" y="${y + 18}" class="label" text-anchor="end">${percent} %</text>`;
      });
      const data = photo.toString('base64');
      return `
      <clipPath id="c${i}"><rect x="${x}" y="20" width="${WIDTH}" height="${HEIGHT}" rx="8"/></clipPath>
      <image href="data:image/jpeg;base64,${data}" x="${x}" y="20" width="${WIDTH}" height="${HEIGHT}" clip-path="url(#c${i})"/>
      ${rows.join('')}`;
    },
  ),
);
const width = 20 + images.length * (WIDTH + 20);
const height = 20 + HEIGHT + 16 + 3 * 34 + 34;
const caption = `ResNet50 on ${adapter}: ${(milliseconds.steady / 1000).toFixed(1)} s a photo`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
  <style>.label { font: 15px sans-serif; fill: #17242f } .caption { font: 14px sans-serif; fill: #4a5a67 }</style>
  <rect width="100%" height="100%" fill="#ffffff"/>
  ${cards.join('')}
  <text x="20" y="${height - 14}" class="caption">${plain(caption)}</text>
</svg>`;

// Drawn by Chromium, which brings its fonts along.
const { launchBrowser } = await import('../dist/node.js');
const browser = await launchBrowser({ adapter: 'software' });
try {
  const page = await browser.newPage();
  await page.setViewport({ width, height });
  await page.setContent(`<style>body { margin: 0 }</style>${svg}`);
  writeFileSync('docs/samples.png', await page.screenshot({ type: 'png' }));
} finally {
  await browser.close();
}
