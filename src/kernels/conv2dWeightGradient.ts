// conv2dWeightGradient: the gradient of a convolution's weights, register tiles for software adapters without subgroups,
// with the geometry and the reference that all its kernels share: dw[kh,kw,c,k] = sum over m of x[window(m,kh,kw),c] dy[m,k].

import shader from '../../shaders/conv2dWeightGradient.wgsl';
import { type Conv2dGeometry, conv2dFlops } from './conv2d.ts';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/**
 * The geometry of the convolution. `FILTER_C`: channels of its filters; x may have more, which count for nothing. `SLICES`:
 * parts that the positions are cut into.
 */
export type WeightGradientKnobs = Conv2dGeometry & { FILTER_C: number; SLICES: number };

/** Tiles of `rows` channels c x `columns` channels k: each lies in one tap and one slice. */
export function weightGradientTiles(k: WeightGradientKnobs, rows: number, columns: number): number {
  return k.SLICES * k.KH * k.KW * ceilDiv(k.C, rows) * ceilDiv(k.K, columns);
}

export function weightGradientElements(k: WeightGradientKnobs): Record<string, number> {
  return {
    x: k.N * k.H * k.W * k.C,
    dy: k.N * k.OH * k.OW * k.K,
    dw: k.SLICES * k.KH * k.KW * k.FILTER_C * k.K,
  };
}

export const weightGradientFlops = (k: WeightGradientKnobs): number => conv2dFlops({ ...k, C: k.FILTER_C });

export const conv2dWeightGradient: Kernel<WeightGradientKnobs & { WORKGROUP: number }> = {
  name: 'conv2dWeightGradient',
  shader,
  grid: (k) => linearGrid(weightGradientTiles(k, 8, 8), k.WORKGROUP),
  elements: weightGradientElements,
  flops: weightGradientFlops,
};

export const conv2dWeightGradientReference: Reference<WeightGradientKnobs> = ({ x, dy }, k) => {
  const dw = new Float64Array(weightGradientElements(k).dw!);
  const M = k.N * k.OH * k.OW;
  const size = 4 * ceilDiv(M, 4 * k.SLICES);
  for (let m = 0; m < M; m++) {
    const [n, oh, ow] = [Math.floor(m / (k.OH * k.OW)), Math.floor(m / k.OW) % k.OH, m % k.OW];
    for (let kh = 0; kh < k.KH; kh++)
      for (let kw = 0; kw < k.KW; kw++) {
        const h = oh * k.STRIDE_H - k.PAD_H + kh * k.DILATION_H;
        const w = ow * k.STRIDE_W - k.PAD_W + kw * k.DILATION_W;
        if (h < 0 || h >= k.H || w < 0 || w >= k.W) continue;
        const pixel = ((n * k.H + h) * k.W + w) * k.C;
        const tap = ((Math.floor(m / size) * k.KH + kh) * k.KW + kw) * k.FILTER_C;
        for (let c = 0; c < k.FILTER_C; c++)
          for (let channel = 0; channel < k.K; channel++)
            dw[(tap + c) * k.K + channel]! += x![pixel + c]! * dy![m * k.K + channel]!;
      }
  }
  return { dw };
};
