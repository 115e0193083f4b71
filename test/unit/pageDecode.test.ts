// The page's decoder against Node's, on the same files, in a real headless Chrome.

import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Photo } from '../../src/data/decode.ts';
import { launchBrowser } from '../../src/node/browser.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { type FolderServer, serveFolder } from '../../src/node/serve.ts';
import { random } from '../harness/random.ts';

type Page = Awaited<ReturnType<Awaited<ReturnType<typeof launchBrowser>>['newPage']>>;
let server: FolderServer;
let browser: Awaited<ReturnType<typeof launchBrowser>>;
let page: Page;

test.before(async () => {
  server = await serveFolder({ '/': 'dist' });
  browser = await launchBrowser({ adapter: 'software' });
  page = await browser.newPage();
  await page.goto(`${server.url}/host.html`);
});
test.after(async () => {
  await browser?.close();
  await server?.close();
});

interface Decoded {
  width: number;
  height: number;
  pixels: number[];
  error?: string;
}

function inPage(bytes: Uint8Array): Promise<Decoded> {
  const url = server.add('/photo', bytes);
  return page.evaluate(async (address) => {
    const { decodeImage } = (await import(new URL('/index.js', location.href).href)) as {
      decodeImage(blob: Blob): Promise<Photo>;
    };
    try {
      const { width, height, data } = await decodeImage(await (await fetch(address)).blob());
      return { width, height, pixels: [...data] };
    } catch (error) {
      return { width: 0, height: 0, pixels: [], error: (error as Error).message };
    }
  }, url);
}

/** A picture with smooth and sharp parts, 4 channels; alpha from 0 to 255 in steps. */
function picture(width: number, height: number, alpha: boolean) {
  const next = random(5);
  const data = Buffer.alloc(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set(
      [(x * 7) % 256, (y * 9) % 256, x > y ? 220 : Math.floor(40 * next()), alpha ? (x * 51) % 256 : 255],
      4 * i,
    );
  }
  return sharp(data, { raw: { width, height, channels: 4 } });
}

async function compare(bytes: Uint8Array, allowed: number): Promise<void> {
  const [ours, theirs] = [await decodePhoto(bytes), await inPage(bytes)];
  assert.is(theirs.error, undefined);
  assert.equal([theirs.width, theirs.height], [ours.width, ours.height]);
  const worst = ours.data.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs.pixels[i]!)), 0);
  assert.ok(worst <= allowed, `largest difference, got ${worst}, expected at most ${allowed} grey levels`);
}

test('PNG: the same pixels', async () => compare(await picture(33, 21, false).png().toBuffer(), 0));
test('lossless WebP: the same pixels', async () =>
  compare(await picture(33, 21, false).webp({ lossless: true }).toBuffer(), 0));
// The canvas multiplies by alpha in 8 bits before it blends: two roundings more.
test('PNG with alpha: on white', async () => compare(await picture(40, 20, true).png().toBuffer(), 2));
test('JPEG, 4:4:4: the same decoder to a rounding', async () =>
  compare(await picture(64, 48, false).jpeg({ quality: 92, chromaSubsampling: '4:4:4' }).toBuffer(), 1));
test('JPEG, 4:2:0, turned by EXIF: the same decoder to a rounding', async () =>
  compare(await picture(64, 48, false).withMetadata({ orientation: 6 }).jpeg({ quality: 90 }).toBuffer(), 1));

test('what is no image is refused in one line', async () => {
  const { error } = await inPage(new TextEncoder().encode('<html>not an image</html>'));
  assert.match(error ?? '', /^photo: cannot be decoded, .* - give a JPEG, PNG, WebP or AVIF$/);
});

test.run();
