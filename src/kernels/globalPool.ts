// globalPool: the mean or the maximum of each channel over all positions of an image.

import shader from '../../shaders/globalPool.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `P` positions (H * W); `MAXIMUM` 0 mean, 1 maximum; `SLICES`: in how many parts a workgroup takes the positions. */
export type GlobalPoolKnobs = {
  N: number;
  P: number;
  C: number;
  MAXIMUM: number;
  CHANNELS: number;
  SLICES: number;
};

export const globalPool: Kernel<GlobalPoolKnobs> = {
  name: 'globalPool',
  shader,
  grid: (k) => linearGrid(k.N * ceilDiv(k.C, k.CHANNELS), 1),
  elements: (k) => ({ x: k.N * k.P * k.C, y: k.N * k.C }),
  flops: (k) => k.N * k.P * k.C,
};

export const globalPoolReference: Reference<GlobalPoolKnobs> = ({ x }, { N, P, C, MAXIMUM }) => {
  const y = new Float64Array(N * C).fill(MAXIMUM ? Number.NEGATIVE_INFINITY : 0);
  for (let n = 0; n < N; n++)
    for (let p = 0; p < P; p++)
      for (let c = 0; c < C; c++) {
        const value = x![(n * P + p) * C + c]!;
        y[n * C + c] = MAXIMUM ? Math.max(y[n * C + c]!, value) : y[n * C + c]! + value / P;
      }
  return { y };
};
