// conv2d: 2-D convolution as implicit GEMM, register-tile family (software adapters), with the geometry and the
// reference that all conv families share. Cross-correlation as in PyTorch: y[n,oh,ow,k] = sum x[n,ih,iw,c] w[kh,kw,c,k].

import shader from '../../shaders/conv2d.wgsl';
import { activateReference, ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** Shapes of one convolution in knob form; OH and OW follow from the rest (`outputSize`). */
export type Conv2dGeometry = {
  N: number;
  H: number;
  W: number;
  C: number;
  K: number;
  OH: number;
  OW: number;
  KH: number;
  KW: number;
  STRIDE_H: number;
  STRIDE_W: number;
  PAD_H: number;
  PAD_W: number;
  DILATION_H: number;
  DILATION_W: number;
};

/** The geometry alone, of knobs that say more. */
export function geometryOf(k: Conv2dGeometry): Conv2dGeometry {
  const { N, H, W, C, K, OH, OW, KH, KW, STRIDE_H, STRIDE_W, PAD_H, PAD_W, DILATION_H, DILATION_W } = k;
  return { N, H, W, C, K, OH, OW, KH, KW, STRIDE_H, STRIDE_W, PAD_H, PAD_W, DILATION_H, DILATION_W };
}

/** What happens to a sum before it is stored: `RESIDUAL` 0 or 1, `ACTIVATION` one of `activations`. */
export type Epilogue = { RESIDUAL: number; ACTIVATION: number };

export type Conv2dKnobs = Conv2dGeometry & Epilogue & { WORKGROUP: number };

/** floor((size + 2 pad - dilation (kernel - 1) - 1) / stride) + 1, PyTorch's rule for convolution and pooling. */
export function outputSize(size: number, kernel: number, stride: number, pad: number, dilation = 1): number {
  return Math.floor((size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
}

export const conv2dFlops = (k: Conv2dGeometry): number => 2 * k.N * k.OH * k.OW * k.K * k.KH * k.KW * k.C;

export function conv2dElements(k: Conv2dGeometry & Epilogue): Record<string, number> {
  const y = k.N * k.OH * k.OW * k.K;
  return {
    x: k.N * k.H * k.W * k.C,
    w: k.KH * k.KW * k.C * k.K,
    scale: k.K,
    shift: k.K,
    residual: k.RESIDUAL ? y : 0,
    y,
  };
}

export const conv2d: Kernel<Conv2dKnobs> = {
  name: 'conv2d',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.N * k.OH * k.OW, 4) * (k.K / 4), k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export const conv2dReference: Reference<Conv2dGeometry & Epilogue> = ({ x, w, scale, shift, residual }, k) => {
  const y = new Float64Array(k.N * k.OH * k.OW * k.K);
  let out = 0;
  for (let n = 0; n < k.N; n++)
    for (let oh = 0; oh < k.OH; oh++)
      for (let ow = 0; ow < k.OW; ow++)
        for (let channel = 0; channel < k.K; channel++, out++) {
          let sum = 0;
          for (let kh = 0; kh < k.KH; kh++)
            for (let kw = 0; kw < k.KW; kw++) {
              const h = oh * k.STRIDE_H - k.PAD_H + kh * k.DILATION_H;
              const column = ow * k.STRIDE_W - k.PAD_W + kw * k.DILATION_W;
              if (h < 0 || h >= k.H || column < 0 || column >= k.W) continue;
              const from = ((n * k.H + h) * k.W + column) * k.C;
              const tap = (kh * k.KW + kw) * k.C;
              for (let c = 0; c < k.C; c++) sum += x![from + c]! * w![(tap + c) * k.K + channel]!;
            }
          const value = sum * scale![channel]! + shift![channel]! + (k.RESIDUAL ? residual![out]! : 0);
          y[out] = activateReference(value, k.ACTIVATION);
        }
  return { y };
};
