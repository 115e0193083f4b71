// concat: copies one input into its columns of the result; a concatenation is one call for each input.

import shader from '../../shaders/concat.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** The `C` columns of this input stand at `OFFSET` in the `TOTAL` columns of the result. */
export type ConcatKnobs = { ROWS: number; C: number; OFFSET: number; TOTAL: number; WORKGROUP: number };

export const concat: Kernel<ConcatKnobs> = {
  name: 'concat',
  shader,
  grid: (k) => linearGrid(k.ROWS * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.ROWS * k.C, y: k.ROWS * k.TOTAL }),
  flops: () => 0,
};

/** NaN where the call leaves y as it is: the harness fills outputs with NaN. */
export const concatReference: Reference<ConcatKnobs> = ({ x }, k) => {
  const y = new Float64Array(k.ROWS * k.TOTAL).fill(Number.NaN);
  for (let row = 0; row < k.ROWS; row++)
    for (let c = 0; c < k.C; c++) y[row * k.TOTAL + k.OFFSET + c] = x![row * k.C + c]!;
  return { y };
};
