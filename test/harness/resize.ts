// Photos for resize tests, what Pillow makes of them (test/fixtures/makeResizeGoldens.py), and how near is near enough.

import * as assert from 'uvu/assert';
import type { PreprocessConfig } from '../../src/data/preprocess.ts';
import goldens from '../fixtures/goldens/resize.json';
import { hashedValues } from './hashedWeights.ts';

export type ResizeGolden = (typeof goldens.cases)[number];

export const resizeGoldens: readonly ResizeGolden[] = goldens.cases;

/** [width, height, resize, size, then torchvision's resized width and height, left and top of the central crop]. */
export const cropGoldens: readonly (readonly number[])[] = goldens.sizes;

export const filters = ['bilinear', 'bicubic'] as const;

/** The configuration of a golden with grey levels as the result. */
export function configOf({ resize, size, stretch }: ResizeGolden, filter: 'bilinear' | 'bicubic'): PreprocessConfig {
  return { resize, size, stretch, filter, order: 'rgb', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] };
}

/** (size, size, 3) grey levels. */
export function goldenCrop(golden: ResizeGolden, filter: 'bilinear' | 'bicubic'): Uint8Array {
  return decode(golden[filter]);
}

/** Packed RGBA8, opaque. */
export function goldenPhoto({ image, width, height }: ResizeGolden): Uint32Array {
  if (image === 'noise') return noisePhoto(width, height);
  if (image === 'photo') return pack(decode(goldens.photo));
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) pixels.set(syntheticPixel(image, x, y, width, height), (y * width + x) * 3);
  return pack(pixels);
}

/** Packed RGBA8, opaque; every channel of every pixel is independent. */
export function noisePhoto(width: number, height: number): Uint32Array {
  return pack(hashedValues(`noise ${width}x${height}`, width * height * 3, 0, 256).map(Math.floor));
}

function syntheticPixel(image: string, x: number, y: number, width: number, height: number): number[] {
  const ramp = (at: number, size: number) => Math.floor((at * 255) / Math.max(size - 1, 1));
  if (image === 'gradient') return [ramp(x, width), ramp(y, height), (x + y) % 256];
  if (image === 'checkerboard') return [255 * ((x + y) % 2), 255 * ((x + y + 1) % 2), 200 * (x % 2)];
  if (image === 'edges') return [2 * x < width ? 255 : 0, 2 * y < height ? 255 : 0, x > y ? 255 : 0];
  throw new Error(`no synthetic image ${image}`);
}

function pack(rgb: ArrayLike<number>): Uint32Array {
  const at = (i: number) => (rgb[3 * i]! | (rgb[3 * i + 1]! << 8) | (rgb[3 * i + 2]! << 16) | 0xff000000) >>> 0;
  return Uint32Array.from({ length: rgb.length / 3 }, (_, i) => at(i));
}

const decode = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** The three channels of packed pixels. */
export function unpack(words: ArrayLike<number>): number[] {
  return Array.from(words).flatMap((word) => [word & 255, (word >> 8) & 255, (word >> 16) & 255]);
}

/**
 * Grey levels as expected. The triangle's weights are exact, so bilinear has no tolerance. The cubic's come from f32,
 * so a sum that lies within about 2^-12 of halfway between two levels may round to the other: 1 level, in 1 of 500
 * values.
 */
export function assertLevels(
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  filter: 'bilinear' | 'bicubic',
  where: string,
): void {
  assert.is(got.length, want.length, `${where}: length`);
  const step = filter === 'bicubic' ? 1 : 0;
  let off = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    if (difference !== 0) off++;
    if (!(difference <= step)) assert.unreachable(`${where} ${filter}: [${i}] got ${got[i]}, expected ${want[i]}`);
  }
  const most = 2 + want.length / 500;
  assert.ok(
    off <= most,
    `${where} ${filter}: ${off} of ${want.length} values are 1 level off, expected at most ${most}`,
  );
}
