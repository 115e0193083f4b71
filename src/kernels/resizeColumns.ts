// resizeColumns: the vertical pass of Pillow's antialiased resize, on the rows that resizeRows made, then channel order
// and normalisation: grey level * MULTIPLY + ADD for each channel of the result.

import shader from '../../shaders/resizeColumns.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import { GEOMETRY_WORDS, greyReference, resampleWeights, unpackGeometry } from './resizeRows.ts';

export type ResizeColumnsKnobs = {
  ROWS: number;
  SIZE: number;
  /** Images of x, of which the geometry names one; by default 1. */
  IMAGES?: number;
  CUBIC: number;
  BGR: number;
  MULTIPLY_0: number;
  MULTIPLY_1: number;
  MULTIPLY_2: number;
  ADD_0: number;
  ADD_1: number;
  ADD_2: number;
  WORKGROUP: number;
};

export const resizeColumns: Kernel<ResizeColumnsKnobs> = {
  name: 'resizeColumns',
  shader,
  grid: (k) => linearGrid(k.SIZE * k.SIZE, k.WORKGROUP),
  elements: (k) => ({ y: k.ROWS * k.SIZE, geometry: GEOMETRY_WORDS, x: (k.IMAGES ?? 1) * k.SIZE * k.SIZE * 3 }),
  // Shrinking, every row counts in 2 (bilinear) or 4 (bicubic) results, for 3 channels.
  flops: (k) => 2 * 3 * (k.CUBIC ? 4 : 2) * k.ROWS * k.SIZE,
};

export const resizeColumnsReference: Reference<ResizeColumnsKnobs> = ({ y, geometry }, k) => {
  const { vertical, firstRow } = unpackGeometry(geometry!);
  const multiply = [k.MULTIPLY_0, k.MULTIPLY_1, k.MULTIPLY_2];
  const add = [k.ADD_0, k.ADD_1, k.ADD_2];
  const shifts = k.BGR ? [16, 8, 0] : [0, 8, 16];
  const x = new Float64Array(k.SIZE * k.SIZE * 3);
  for (let row = 0; row < k.SIZE; row++) {
    const inside = row - vertical.before;
    const onPhoto = inside >= 0 && inside < vertical.inside;
    const { first, weights } = onPhoto ? resampleWeights(vertical, inside, k.CUBIC === 1) : { first: 0, weights: [] };
    for (let column = 0; column < k.SIZE; column++) {
      shifts.forEach((shift, c) => {
        const grey = (i: number) => (y![(first - firstRow + i) * k.SIZE + column]! >> shift) & 255;
        const sum = weights.reduce((total, weight, i) => total + weight * grey(i), 0);
        x[(row * k.SIZE + column) * 3 + c] = greyReference(sum) * multiply[c]! + add[c]!;
      });
    }
  }
  return { x };
};
