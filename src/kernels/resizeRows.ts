// resizeRows: the horizontal pass of Pillow's antialiased resize, for the rows and columns that the crop needs, with
// the geometry and the definition of the weights that both passes share. It does not choose the crop:
// src/data/preprocess.ts does.

import shader from '../../shaders/resizeRows.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** One axis of the photo as the crop sees it; `struct Axis` of shaders/lib/resample.wgsl. */
export interface Axis {
  /** Pixels in the photo, and after resizing. */
  readonly source: number;
  readonly resized: number;
  /** Crop pixels before the resized photo starts, and those on it. */
  readonly before: number;
  readonly inside: number;
  /** The first resized pixel in the crop has its centre at `whole + rest / (2 resized)` source pixels. */
  readonly whole: number;
  readonly rest: number;
}

/** Where the crop lies; `struct Geometry` of shaders/lib/resample.wgsl. */
export interface Geometry {
  readonly horizontal: Axis;
  readonly vertical: Axis;
  /** The first source row that the vertical pass needs, and how many. */
  readonly firstRow: number;
  readonly rows: number;
  readonly flip: boolean;
  /** Which image of x it becomes; by default the first. */
  readonly image?: number;
}

/** The struct's words. */
export const GEOMETRY_WORDS = 16;

const axisWords = ({ source, resized, before, inside, whole, rest }: Axis) => [
  source,
  resized,
  before,
  inside,
  whole,
  rest,
];

export function packGeometry({ horizontal, vertical, firstRow, rows, flip, image = 0 }: Geometry): Uint32Array {
  return Uint32Array.of(...axisWords(horizontal), ...axisWords(vertical), firstRow, rows, Number(flip), image);
}

export type ResizeRowsKnobs = { PIXELS: number; ROWS: number; SIZE: number; CUBIC: number; WORKGROUP: number };

export const resizeRows: Kernel<ResizeRowsKnobs> = {
  name: 'resizeRows',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.ROWS, 4) * k.SIZE, k.WORKGROUP),
  elements: (k) => ({ photo: k.PIXELS, geometry: GEOMETRY_WORDS, y: k.ROWS * k.SIZE }),
  // Shrinking, every source pixel counts in 2 (bilinear) or 4 (bicubic) results, for 3 channels.
  flops: (k) => 2 * 3 * (k.CUBIC ? 4 : 2) * k.PIXELS,
};

// ---- the definition, in f64 ----

export function unpackGeometry(words: ArrayLike<number>): Geometry {
  const axis = (at: number): Axis => ({
    source: words[at]!,
    resized: words[at + 1]!,
    before: words[at + 2]!,
    inside: words[at + 3]!,
    whole: words[at + 4]!,
    rest: words[at + 5]!,
  });
  return { horizontal: axis(0), vertical: axis(6), firstRow: words[12]!, rows: words[13]!, flip: words[14] === 1 };
}

function weigh(t: number, cubic: boolean): number {
  const u = Math.abs(t);
  if (!cubic) return Math.max(1 - u, 0);
  if (u < 1) return (1.5 * u - 2.5) * u * u + 1;
  return u < 2 ? (((u - 5) * u + 8) * u - 4) * -0.5 : 0;
}

/**
 * The source pixels that inside pixel `i` of the axis weighs, with weights in units of 2^-22: `precompute_coeffs` and
 * `normalize_coeffs_8bpc` of Pillow's Resample.c.
 */
export function resampleWeights(axis: Axis, i: number, cubic: boolean): { first: number; weights: number[] } {
  const centre = axis.whole + axis.rest / (2 * axis.resized) + (i * axis.source) / axis.resized;
  const scale = Math.max(axis.source / axis.resized, 1);
  const support = (cubic ? 2 : 1) * scale;
  const first = Math.max(Math.trunc(centre - support + 0.5), 0);
  const end = Math.min(Math.trunc(centre + support + 0.5), axis.source);
  const shares = Array.from({ length: end - first }, (_, at) => weigh((first + at + 0.5 - centre) / scale, cubic));
  const sum = shares.reduce((a, b) => a + b, 0);
  return { first, weights: shares.map((share) => Math.sign(share) * Math.round((Math.abs(share) / sum) * 2 ** 22)) };
}

/** A sum of grey levels and weights, rounded and clipped to 8 bits. */
export const greyReference = (sum: number): number => Math.min(Math.max(Math.floor(sum / 2 ** 22 + 0.5), 0), 255);

export const resizeRowsReference: Reference<ResizeRowsKnobs> = ({ photo, geometry }, k) => {
  const { horizontal, firstRow, rows, flip } = unpackGeometry(geometry!);
  const y = new Float64Array(k.ROWS * k.SIZE);
  for (let column = 0; column < k.SIZE; column++) {
    const inside = (flip ? k.SIZE - 1 - column : column) - horizontal.before;
    if (inside < 0 || inside >= horizontal.inside) continue;
    const { first, weights } = resampleWeights(horizontal, inside, k.CUBIC === 1);
    for (let row = 0; row < rows; row++) {
      const start = (firstRow + row) * horizontal.source + first;
      for (const shift of [0, 8, 16]) {
        const sum = weights.reduce((total, weight, i) => total + weight * ((photo![start + i]! >> shift) & 255), 0);
        y[row * k.SIZE + column]! += greyReference(sum) * 2 ** shift;
      }
    }
  }
  return { y };
};
