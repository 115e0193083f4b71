// topPoolGradient: what the mean of the 5 largest values of a channel hands back to x; of equal values the first count.

import shader from '../../shaders/topPoolGradient.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import type { TopPoolKnobs } from './topPool.ts';

/** The knobs of `topPool`; all but WORKGROUP are run-time parameters of the shader. */
export const topPoolGradient: Kernel<TopPoolKnobs> = {
  name: 'topPoolGradient',
  shader,
  grid: (k) => linearGrid((k.N * k.C) / 4, k.WORKGROUP),
  elements: (k) => ({ dy: k.N * k.C, x: k.N * k.P * k.C, dx: k.N * k.P * k.C }),
  flops: (k) => 11 * k.N * k.P * k.C,
};

export const topPoolGradientReference: Reference<TopPoolKnobs> = ({ dy, x }, { N, P, C }) => {
  const dx = new Float64Array(N * P * C);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      const at = (p: number) => (n * P + p) * C + c;
      const order = Array.from({ length: P }, (_, p) => p).sort((p, q) => x![at(q)]! - x![at(p)]! || p - q);
      const largest = order.slice(0, 5);
      for (const p of largest) dx[at(p)] = dy![n * C + c]! / largest.length;
    }
  return { dx };
};
