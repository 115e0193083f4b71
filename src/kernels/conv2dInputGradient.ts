// conv2dInputGradient: the gradient of a convolution's input by plain loops, for what no other kernel takes, with the
// reference that all its kernels share: dx[n,h,w,c] = sum of dy[n,oh,ow,k] w[kh,kw,c,k] over the windows that read (h, w).

import shader from '../../shaders/conv2dInputGradient.wgsl';
import { type Conv2dGeometry, conv2dFlops } from './conv2d.ts';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** The geometry of the convolution. `RESIDUAL`: 1 where another gradient of the same value is added. */
export type InputGradientKnobs = Conv2dGeometry & { RESIDUAL: number };

export function inputGradientElements(k: InputGradientKnobs): Record<string, number> {
  const dx = k.N * k.H * k.W * k.C;
  return { dy: k.N * k.OH * k.OW * k.K, w: k.KH * k.KW * k.C * k.K, residual: k.RESIDUAL ? dx : 0, dx };
}

export const conv2dInputGradient: Kernel<InputGradientKnobs & { WORKGROUP: number }> = {
  name: 'conv2dInputGradient',
  shader,
  grid: (k) => linearGrid(k.N * k.H * k.W * k.C, k.WORKGROUP),
  elements: inputGradientElements,
  flops: conv2dFlops,
};

export const conv2dInputGradientReference: Reference<InputGradientKnobs> = ({ dy, w, residual }, k) => {
  const size = k.N * k.H * k.W * k.C;
  const dx = k.RESIDUAL ? Float64Array.from({ length: size }, (_, i) => residual![i]!) : new Float64Array(size);
  for (let m = 0; m < k.N * k.OH * k.OW; m++) {
    const [n, oh, ow] = [Math.floor(m / (k.OH * k.OW)), Math.floor(m / k.OW) % k.OH, m % k.OW];
    for (let kh = 0; kh < k.KH; kh++)
      for (let kw = 0; kw < k.KW; kw++) {
        const h = oh * k.STRIDE_H - k.PAD_H + kh * k.DILATION_H;
        const column = ow * k.STRIDE_W - k.PAD_W + kw * k.DILATION_W;
        if (h < 0 || h >= k.H || column < 0 || column >= k.W) continue;
        const pixel = ((n * k.H + h) * k.W + column) * k.C;
        const tap = (kh * k.KW + kw) * k.C;
        for (let c = 0; c < k.C; c++)
          for (let channel = 0; channel < k.K; channel++)
            dx[pixel + c]! += dy![m * k.K + channel]! * w![(tap + c) * k.K + channel]!;
      }
  }
  return { dx };
};
