// maxPool: 2-D max pooling as torch.nn.functional.max_pool2d, where padding counts as -inf. Its shape rule is
// `outputSize` of conv2d.

import shader from '../../shaders/maxPool.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** OH and OW follow from the rest; each padding is at most half its window. */
export type MaxPoolKnobs = {
  N: number;
  H: number;
  W: number;
  C: number;
  OH: number;
  OW: number;
  KH: number;
  KW: number;
  STRIDE_H: number;
  STRIDE_W: number;
  PAD_H: number;
  PAD_W: number;
  WORKGROUP: number;
};

export const maxPool: Kernel<MaxPoolKnobs> = {
  name: 'maxPool',
  shader,
  grid: (k) => linearGrid(k.N * k.OH * k.OW * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.C, y: k.N * k.OH * k.OW * k.C }),
  flops: (k) => k.N * k.OH * k.OW * k.C * k.KH * k.KW,
};

export const maxPoolReference: Reference<MaxPoolKnobs> = ({ x }, k) => {
  const y = new Float64Array(k.N * k.OH * k.OW * k.C).fill(Number.NEGATIVE_INFINITY);
  let out = 0;
  for (let n = 0; n < k.N; n++)
    for (let oh = 0; oh < k.OH; oh++)
      for (let ow = 0; ow < k.OW; ow++)
        for (let c = 0; c < k.C; c++, out++)
          for (let kh = 0; kh < k.KH; kh++)
            for (let kw = 0; kw < k.KW; kw++) {
              const h = oh * k.STRIDE_H - k.PAD_H + kh;
              const w = ow * k.STRIDE_W - k.PAD_W + kw;
              if (h < 0 || h >= k.H || w < 0 || w >= k.W) continue;
              y[out] = Math.max(y[out]!, x![((n * k.H + h) * k.W + w) * k.C + c]!);
            }
  return { y };
};
