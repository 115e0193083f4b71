// sumRows: the sum of all rows, in order: the second pass of sums that were made in slices, and the gradient of a bias.

import shader from '../../shaders/sumRows.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** A workgroup has `COLUMNS` x `LANES` invocations. */
export type SumRowsKnobs = { ROWS: number; C: number; COLUMNS: number; LANES: number };

export const sumRows: Kernel<SumRowsKnobs> = {
  name: 'sumRows',
  shader,
  grid: (k) => linearGrid(k.C, k.COLUMNS),
  elements: (k) => ({ x: k.ROWS * k.C, y: k.C }),
  flops: (k) => k.ROWS * k.C,
};

export const sumRowsReference: Reference<SumRowsKnobs> = ({ x }, { ROWS, C }) => {
  const y = new Float64Array(C);
  for (let row = 0; row < ROWS; row++) for (let c = 0; c < C; c++) y[c]! += x![row * C + c]!;
  return { y };
};
