// topPool: the mean of the 5 largest values of each channel, a softer maximum over the positions of an image.

import shader from '../../shaders/topPool.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `P` positions (H * W); `C` a multiple of 4. */
export type TopPoolKnobs = { N: number; P: number; C: number; WORKGROUP: number };

export const topPool: Kernel<TopPoolKnobs> = {
  name: 'topPool',
  shader,
  grid: (k) => linearGrid((k.N * k.C) / 4, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.P * k.C, y: k.N * k.C }),
  flops: (k) => 9 * k.N * k.P * k.C,
};

export const topPoolReference: Reference<TopPoolKnobs> = ({ x }, { N, P, C }) => {
  const y = new Float64Array(N * C);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      const values = Float64Array.from({ length: P }, (_, p) => x![(n * P + p) * C + c]!);
      const largest = values.sort().slice(-5);
      y[n * C + c] = largest.reduce((a, b) => a + b, 0) / largest.length;
    }
  return { y };
};
