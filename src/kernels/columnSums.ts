// columnSums: the sum of each column of a matrix of few rows, the gradient of a linear layer's bias.

import shader from '../../shaders/columnSums.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** ROWS and C are run-time parameters of the shader. */
export type ColumnSumsKnobs = { ROWS: number; C: number; WORKGROUP: number };

export const columnSums: Kernel<ColumnSumsKnobs> = {
  name: 'columnSums',
  shader,
  grid: (k) => linearGrid(k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.ROWS * k.C, y: k.C }),
  flops: (k) => k.ROWS * k.C,
};

export const columnSumsReference: Reference<ColumnSumsKnobs> = ({ x }, { ROWS, C }) => {
  const y = new Float64Array(C);
  for (let i = 0; i < ROWS * C; i++) y[i % C]! += x![i]!;
  return { y };
};
