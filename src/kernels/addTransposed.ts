// addTransposed: square matrices plus their transposes, which is what a matrix of products of x with itself hands back.

import shader from '../../shaders/addTransposed.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** MATRICES and C are run-time parameters of the shader. */
export type AddTransposedKnobs = { MATRICES: number; C: number; WORKGROUP: number };

export const addTransposed: Kernel<AddTransposedKnobs> = {
  name: 'addTransposed',
  shader,
  grid: (k) => linearGrid(k.MATRICES * k.C * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.MATRICES * k.C * k.C, y: k.MATRICES * k.C * k.C }),
  flops: (k) => k.MATRICES * k.C * k.C,
};

export const addTransposedReference: Reference<AddTransposedKnobs> = ({ x }, { MATRICES, C }) => {
  const y = new Float64Array(MATRICES * C * C);
  for (let m = 0; m < MATRICES; m++)
    for (let i = 0; i < C; i++)
      for (let j = 0; j < C; j++) y[(m * C + i) * C + j] = x![(m * C + i) * C + j]! + x![(m * C + j) * C + i]!;
  return { y };
};
