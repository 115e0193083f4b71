// maxPoolIndices: where in x the maxima of a max pooling are, which is what its gradient needs to know.

import shader from '../../shaders/maxPoolIndices.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import type { MaxPoolKnobs } from './maxPool.ts';

/** The knobs of `maxPool`; all but WORKGROUP are run-time parameters of the shader. */
export const maxPoolIndices: Kernel<MaxPoolKnobs> = {
  name: 'maxPoolIndices',
  shader,
  grid: (k) => linearGrid(k.N * k.OH * k.OW * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.C, y: k.N * k.OH * k.OW * k.C }),
  flops: (k) => k.N * k.OH * k.OW * k.C * k.KH * k.KW,
};

export const maxPoolIndicesReference: Reference<MaxPoolKnobs> = ({ x }, k) => {
  const y = new Float64Array(k.N * k.OH * k.OW * k.C);
  let out = 0;
  for (let n = 0; n < k.N; n++)
    for (let oh = 0; oh < k.OH; oh++)
      for (let ow = 0; ow < k.OW; ow++)
        for (let c = 0; c < k.C; c++, out++) {
          let maximum: number | undefined;
          for (let kh = 0; kh < k.KH; kh++)
            for (let kw = 0; kw < k.KW; kw++) {
              const h = oh * k.STRIDE_H - k.PAD_H + kh;
              const w = ow * k.STRIDE_W - k.PAD_W + kw;
              if (h < 0 || h >= k.H || w < 0 || w >= k.W) continue;
              const value = x![((n * k.H + h) * k.W + w) * k.C + c]!;
              if (maximum !== undefined && value <= maximum) continue;
              maximum = value;
              y[out] = h * k.W + w;
            }
        }
  return { y };
};
