// Photos of every kind that decodePhoto() takes, against pixels computed here, and everything that it must refuse.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { rejected } from '../harness/refused.ts';

const W = 7;
const H = 5;
const pixel = (x: number, y: number) => [(37 * x + 11 * y) % 256, (91 * y) % 256, (200 - 23 * x) & 255];
const rgb = Uint8Array.from(
  { length: W * H * 3 },
  (_, i) => pixel(Math.floor(i / 3) % W, Math.floor(i / 3 / W))[i % 3]!,
);
const image = () => sharp(rgb, { raw: { width: W, height: H, channels: 3 } });
// Something that compresses badly, so that half of the file is half of the picture.
const noise = () => {
  let state = 1;
  const data = Uint8Array.from({ length: 96 * 96 * 3 }, () => {
    state = (state * 48271) % 2147483647;
    return state & 255;
  });
  return sharp(data, { raw: { width: 96, height: 96, channels: 3 } });
};

async function expectRgb(file: Uint8Array | string, expected: Iterable<number>, tolerance = 0): Promise<void> {
  const { width, height, data } = await decodePhoto(file);
  assert.equal([width, height], [W, H]);
  const want = [...expected];
  for (let i = 0; i < W * H; i++) {
    assert.is(data[4 * i + 3], 255);
    for (let c = 0; c < 3; c++) {
      const got = data[4 * i + c]!;
      assert.ok(
        Math.abs(got - want[3 * i + c]!) <= tolerance,
        `pixel ${i} channel ${c}: ${got}, not ${want[3 * i + c]}`,
      );
    }
  }
}

async function expectRefusal(file: Uint8Array | string, pattern: RegExp): Promise<void> {
  try {
    await decodePhoto(file);
  } catch (error) {
    assert.instance(error, PlumageError, String(error));
    const { code, message } = error as PlumageError;
    assert.is(code, 'input');
    assert.not.match(message, /\n/);
    assert.match(message, pattern);
    return;
  }
  assert.unreachable(`was decoded, expected ${pattern}`);
}

for (const [name, encode, tolerance] of [
  ['PNG', (each: Sharp) => each.png(), 0],
  ['16-bit PNG', (each: Sharp) => each.toColourspace('rgb16').png(), 0],
  ['palette PNG', (each: Sharp) => each.png({ palette: true, quality: 100, dither: 0 }), 3],
  ['lossless WebP', (each: Sharp) => each.webp({ lossless: true }), 0],
  ['GIF', (each: Sharp) => each.gif({ dither: 0 }), 3],
  ['JPEG', (each: Sharp) => each.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }), 6],
  ['AVIF', (each: Sharp) => each.avif({ lossless: true, chromaSubsampling: '4:4:4' }), 6],
] as const) {
  test(`${name} gives its pixels`, async () => expectRgb(await encode(image()).toBuffer(), rgb, tolerance));
}

test('a file on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'plumage-decode-'));
  try {
    await writeFile(join(folder, 'photo with a space.txt'), await image().png().toBuffer());
    await expectRgb(join(folder, 'photo with a space.txt'), rgb);
    await expectRefusal(folder, /a folder or device/);
    await expectRefusal(join(folder, 'none.jpg'), /none\.jpg: photo, got no such file, expected/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('grey becomes three equal channels', async () => {
  const grey = Uint8Array.from({ length: W * H }, (_, i) => i * 7);
  const png = await sharp(grey, { raw: { width: W, height: H, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
  assert.is((await sharp(png).metadata()).channels, 1);
  await expectRgb(
    png,
    [...grey].flatMap((each) => [each, each, each]),
  );
});

for (const lossless of ['png', 'webp'] as const) {
  test(`alpha is laid on white: ${lossless}`, async () => {
    const rgba = Uint8Array.from({ length: W * H * 4 }, (_, i) => (i % 4 === 3 ? (i * 3) % 256 : rgb[i - (i >> 2)]!));
    rgba[3] = 0;
    rgba[7] = 255;
    const raw = sharp(rgba, { raw: { width: W, height: H, channels: 4 } });
    const file = await (lossless === 'png' ? raw.png() : raw.webp({ lossless: true, exact: true })).toBuffer();
    const expected = rgb.map((value, i) => {
      const alpha = rgba[4 * Math.floor(i / 3) + 3]!;
      return Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    });
    await expectRgb(file, expected);
  });
}

// Where EXIF says that the first row and column of the file belong; sharp writes the tag without turning the pixels.
const TURNS: [orientation: number, source: (x: number, y: number, w: number, h: number) => [number, number]][] = [
  [1, (x, y) => [x, y]],
  [2, (x, y, w) => [w - 1 - x, y]],
  [3, (x, y, w, h) => [w - 1 - x, h - 1 - y]],
  [4, (x, y, _, h) => [x, h - 1 - y]],
  [5, (x, y) => [y, x]],
  [6, (x, y, _, h) => [y, h - 1 - x]],
  [7, (x, y, w, h) => [w - 1 - y, h - 1 - x]],
  [8, (x, y, w) => [w - 1 - y, x]],
];
for (const [orientation, source] of TURNS) {
  test(`EXIF orientation ${orientation}`, async () => {
    const { width, height, data } = await decodePhoto(await image().withMetadata({ orientation }).png().toBuffer());
    assert.equal([width, height], orientation < 5 ? [W, H] : [H, W]);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = 4 * (y * width + x);
        assert.equal([...data.slice(at, at + 3)], pixel(...source(x, y, W, H)));
      }
    }
  });
}

test('CMYK is (1 - ink)(1 - black), with no colour profile', async () => {
  const jpeg = await image().toColourspace('cmyk').jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
  const pipeline = sharp(jpeg, { ignoreIcc: true }).pipelineColourspace('cmyk').toColourspace('cmyk');
  const inks = await pipeline.raw().toBuffer();
  assert.is(inks.length, W * H * 4);
  const expected = Array.from({ length: W * H * 3 }, (_, i) => {
    const at = 4 * Math.floor(i / 3);
    return ((255 - inks[at + (i % 3)]!) * (255 - inks[at + 3]!)) / 255;
  });
  await expectRgb(jpeg, expected, 1);
});

test('an embedded colour profile changes nothing', async () => {
  const png = await image().png().withIccProfile('p3').keepIccProfile().toBuffer();
  assert.ok((await sharp(png).metadata()).icc, 'the file has a profile');
  const stored = await sharp(png, { ignoreIcc: true }).raw().toBuffer();
  const converted = await sharp(png).toColourspace('srgb').raw().toBuffer();
  assert.ok(!stored.equals(converted), 'the profile matters to those who apply it');
  await expectRgb(png, stored);
});

test('the first frame of an animation', async () => {
  const frames = Buffer.concat([rgb, new Uint8Array(rgb.length).fill(9)]);
  const raw = sharp(frames, { raw: { width: W, height: 2 * H, channels: 3, pageHeight: H } });
  const webp = await raw.webp({ lossless: true }).toBuffer();
  assert.is((await sharp(webp).metadata()).pages, 2);
  await expectRgb(webp, rgb);
});

test('1x1', async () => {
  const { width, height, data } = await decodePhoto(await image().resize(1, 1).png().toBuffer());
  assert.equal([width, height, data.length], [1, 1, 4]);
});

test('the rows of a banner are left out, and a photo that is all banner is refused', async () => {
  const image = await sharp({ create: { width: 5, height: 4, channels: 3, background: '#204060' } })
    .png()
    .toBuffer();
  const whole = await decodePhoto(image);
  const { width, height, data } = await decodePhoto(image, 3);
  assert.equal([width, height], [5, 1]);
  assert.equal([...data], [...whole.data.subarray(0, 20)]);
  await rejected(decodePhoto(image, 4), 'input', /photo: height, got 4 px, expected more than the banner of 4 px/);
});

test('a photo cut off in the middle is refused', async () => {
  for (const encode of [
    (each: Sharp) => each.jpeg(),
    (each: Sharp) => each.jpeg({ progressive: true }),
    (each: Sharp) => each.png(),
    (each: Sharp) => each.webp(),
    (each: Sharp) => each.avif(),
    (each: Sharp) => each.gif(),
  ]) {
    const whole = await encode(noise()).toBuffer();
    for (const part of [0.1, 0.5, 0.9, 0.99]) {
      await expectRefusal(whole.subarray(0, Math.floor(whole.length * part)), /damaged or incomplete/);
    }
  }
});

test('too many pixels are refused before they are decoded', async () => {
  await expectRefusal(pngHeader(20000, 20000), /got 20000x20000 \(400 megapixels\), expected 100 megapixels at most/);
  await expectRefusal(pngHeader(100001, 1000), /got 100001x1000/);
  await expectRefusal(pngHeader(10000, 10000), /damaged or incomplete/); // within the limit, but without pixels
});

for (const [name, content, pattern] of [
  ['nothing', '', /got 0 bytes/],
  ['text', 'hello, this is no image', /got no image, expected JPEG, PNG, WebP, AVIF, GIF/],
  ['JPEG magic only', '\xff\xd8\xff', /damaged or incomplete/],
  ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>', /got SVG/],
  ['SVG after a declaration', '<?xml version="1.0"?>\n<svg width="9" height="9"/>', /got SVG/],
  ['PDF', '%PDF-1.7\n', /got PDF/],
  ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0mif1heic', /got HEIC, expected .* - save it as/],
  ['TIFF', 'II*\0\x08\0\0\0', /got TIFF/],
  ['BMP', 'BM6\0\0\0', /got BMP/],
] as const) {
  test(`${name} is refused`, () => expectRefusal(Buffer.from(content, 'latin1'), pattern));
}

/** A PNG that claims a size and has hardly any pixels. */
function pngHeader(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // 8 bits, RGB
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const size = Buffer.alloc(4);
    const check = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, check]);
  };
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const pixels = deflateSync(new Uint8Array(100));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', new Uint8Array())]);
}

test.run();
