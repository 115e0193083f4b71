// What a photo is turned into before the network sees it: configurations, the crop's geometry for each photo, and the
// room that a plan needs for it. Pure; the pixels are worked on by the preprocess op.

import { mismatch } from '../errors.ts';
import type { PreprocessOptions } from '../graph/ops/preprocess.ts';
import { defaultTarget, type Target } from '../graph/target.ts';
import { type Axis, packGeometry } from '../kernels/resizeRows.ts';

export interface PreprocessConfig extends Omit<PreprocessOptions, 'rows'> {
  /** Pixels after resizing: of the short side, or with `stretch` of both. */
  readonly resize: number;
  /** Resize both sides to `resize` without keeping the aspect. */
  readonly stretch: boolean;
}

const common = { size: 224, resize: 256, stretch: false, filter: 'bilinear' } as const;

/** The plain ImageNet classifier's preprocessing for each family of published weights. */
export const preprocessPresets: Readonly<Record<'torchvision' | 'keras', PreprocessConfig>> = {
  torchvision: { ...common, order: 'rgb', scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  keras: { ...common, order: 'bgr', scale: 1, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] },
};

/** The fine-grained recipe with the same normalisation: both sides to 550 without keeping the aspect, centre crop 448. */
export function stretched(config: PreprocessConfig): PreprocessConfig {
  return { ...config, size: 448, resize: 550, stretch: true };
}

/** The same preprocessing for another input size, everything in proportion. */
export function atSize(config: PreprocessConfig, size: number): PreprocessConfig {
  return { ...config, size, resize: Math.round((config.resize * size) / config.size) };
}

/** A crop in pixels of the resized photo, by default the central one; parts outside the photo are black. */
export interface Crop {
  readonly left?: number;
  readonly top?: number;
  readonly flip?: boolean;
  /** Which image of a batch the photo becomes; by default the first. */
  readonly image?: number;
}

/** The longest side, before and after resizing, that geometry in 32 bits serves. */
const LONGEST = 2 ** 26;

/** Width and height after resizing: torchvision's Resize, which gives the long side floor(resize * long / short). */
export function resizedSize(width: number, height: number, config: PreprocessConfig): [width: number, height: number] {
  const { resize, stretch } = config;
  if (stretch) return [resize, resize];
  const long = Math.floor((resize * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? [resize, long] : [long, resize];
}

/**
 * What the op's geometry input is fed for a photo of `width` x `height` pixels: by default the central crop, at
 * round((resized - size) / 2) with ties to even as torchvision's CenterCrop, or floor where the photo is stretched.
 * `pixels` and `rows` are the room that this photo takes in the plan. Refuses sizes that are no whole numbers above 0
 * and photos so narrow that the resized one would be longer than 2^26 pixels.
 */
export function geometry(width: number, height: number, config: PreprocessConfig, crop?: Crop) {
  const { size } = config;
  for (const side of [width, height]) {
    if (Number.isInteger(side) && side > 0) continue;
    throw mismatch(
      'input',
      'preprocess',
      'size of the photo',
      `${width} x ${height}`,
      'whole numbers of pixels above 0',
    );
  }
  const [resizedWidth, resizedHeight] = resizedSize(width, height, config);
  const place = (resized: number) => centralOffset(resized, size, config.stretch);
  const left = crop?.left ?? place(resizedWidth);
  const top = crop?.top ?? place(resizedHeight);
  const horizontal = axisOf(width, resizedWidth, left, size);
  const vertical = axisOf(height, resizedHeight, top, size);
  const [firstRow, rows] = sourceRows(vertical, config.filter === 'bicubic' ? 2 : 1);
  const { flip = false, image } = crop ?? {};
  const words = packGeometry({ horizontal, vertical, firstRow, rows, flip, image });
  return { words, pixels: width * height, rows, resizedWidth, resizedHeight, left, top };
}

export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The part of a photo of `width` x `height` that the central crop shows, in whole pixels of the photo. */
export function croppedPart(width: number, height: number, config: PreprocessConfig): Rectangle {
  const { left, top, resizedWidth, resizedHeight } = geometry(width, height, config);
  const axis = (offset: number, resized: number, full: number) => {
    const at = (position: number) => Math.min(Math.max(Math.round((position * full) / resized), 0), full);
    const from = Math.min(at(offset), full - 1);
    return [from, Math.max(at(offset + config.size) - from, 1)] as const;
  };
  const [x, y] = [axis(left, resizedWidth, width), axis(top, resizedHeight, height)];
  return { left: x[0], top: y[0], width: x[1], height: y[1] };
}

/** Words of the photo input and rows between the passes that a plan has room for. */
export interface Capacity {
  readonly pixels: number;
  readonly rows: number;
}

/**
 * Room in a plan for a photo of this size, rounded up to powers of two so that photos of like sizes share a plan, but
 * to no more than one buffer may hold on the target. Refuses photos past that limit, with their megapixels.
 */
export function capacityFor(
  width: number,
  height: number,
  config: PreprocessConfig,
  target: Target = defaultTarget(),
): Capacity {
  const { pixels, rows } = geometry(width, height, config);
  const bytes = Math.min(target.maxStorageBufferBindingSize, target.maxBufferSize);
  const most = Math.floor(bytes / 4);
  const mostRows = Math.floor(most / config.size);
  if (pixels > most || rows > mostRows) {
    const got = `${megapixels(pixels)} megapixels (${width} x ${height})`;
    const expected =
      pixels > most ? `at most ${megapixels(most)} on this adapter` : `at most ${mostRows} rows to shrink`;
    throw mismatch('limit', 'preprocess', 'size of the photo', got, expected, 'make the photo smaller first');
  }
  // From 256 x 256 pixels and 256 rows on: smaller plans would save nothing.
  const room = [powerOfTwo(Math.max(pixels, 2 ** 16)), powerOfTwo(Math.max(rows, 2 ** 8))] as const;
  return { pixels: Math.min(room[0], most), rows: Math.min(room[1], mostRows) };
}

const powerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(n));
const megapixels = (pixels: number): string => (pixels / 1e6).toFixed(1);

/**
 * Before the crop's first pixel; negative where the resized photo is smaller than the crop, and so padded on both
 * sides.
 */
function centralOffset(resized: number, size: number, stretch: boolean): number {
  if (resized < size) return -Math.floor((size - resized) / 2);
  const half = (resized - size) / 2;
  const down = Math.floor(half);
  return stretch || half === down || down % 2 === 0 ? down : down + 1;
}

function axisOf(source: number, resized: number, offset: number, size: number): Axis {
  const before = Math.min(Math.max(-offset, 0), size);
  const start = Math.max(offset, 0);
  const inside = Math.min(Math.max(resized - start, 0), size - before);
  // The centre (start + 1/2) source / resized, whole and remainder apart: f32 would lose it in large photos.
  const numerator = (2 * start + 1) * source;
  const whole = Math.floor(numerator / (2 * resized));
  const rest = numerator - whole * 2 * resized;
  // The shader adds 2 (source mod resized) for each pixel of the crop to the rest, in 32 bits.
  if (Math.max(source, resized) > LONGEST || 2 * resized + 2 * (source % resized) * size >= 2 ** 32) {
    const advice = 'crop the photo to a more common aspect ratio first';
    throw mismatch(
      'limit',
      'preprocess',
      'side of the resized photo',
      `${resized} px from ${source}`,
      `at most ${LONGEST}`,
      advice,
    );
  }
  return { source, resized, before, inside, whole, rest };
}

/**
 * First row and number of rows that the crop's windows touch, with one to spare on either side for the shader's
 * rounding.
 */
function sourceRows({ source, resized, inside, whole, rest }: Axis, radius: number): [first: number, rows: number] {
  if (inside === 0) return [0, 1];
  const support = radius * Math.max(source / resized, 1);
  const top = whole + rest / (2 * resized);
  const bottom = top + ((inside - 1) * source) / resized;
  const first = Math.max(Math.floor(top - support) - 1, 0);
  const end = Math.min(Math.ceil(bottom + support) + 1, source);
  return [first, end - first];
}
