// attentionMap: the weight that two receivers give each position of a sender, averaged over their own positions.

import shader from '../../shaders/attentionMap.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `P` positions of the sender in rows of `ROW` elements; the receivers have `FIRST_ROWS` and `SECOND_ROWS` positions. */
export type AttentionMapKnobs = {
  N: number;
  P: number;
  ROW: number;
  FIRST_ROWS: number;
  SECOND_ROWS: number;
  WORKGROUP: number;
};

export const attentionMap: Kernel<AttentionMapKnobs> = {
  name: 'attentionMap',
  shader,
  grid: (k) => linearGrid(k.N * k.P, k.WORKGROUP),
  elements: (k) => ({ first: k.N * k.FIRST_ROWS * k.ROW, second: k.N * k.SECOND_ROWS * k.ROW, y: k.N * k.P }),
  flops: (k) => k.N * k.P * (k.FIRST_ROWS + k.SECOND_ROWS),
};

export const attentionMapReference: Reference<AttentionMapKnobs> = ({ first, second }, k) => {
  const y = new Float64Array(k.N * k.P);
  const add = (weights: ArrayLike<number>, rows: number) => {
    for (let n = 0; n < k.N; n++)
      for (let row = 0; row < rows; row++)
        for (let p = 0; p < k.P; p++) y[n * k.P + p]! += weights[(n * rows + row) * k.ROW + p]! / rows / 2;
  };
  add(first!, k.FIRST_ROWS);
  add(second!, k.SECOND_ROWS);
  return { y };
};
