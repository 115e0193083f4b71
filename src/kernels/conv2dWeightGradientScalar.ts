// conv2dWeightGradientScalar: the weight gradient of a convolution whose output channels are no multiple of 4.

import shader from '../../shaders/conv2dWeightGradientScalar.wgsl';
import { type Conv2dGeometry, conv2dFlops } from './conv2d.ts';
import { conv2dWeightGradientReference } from './conv2dWeightGradient.ts';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

type ScalarKnobs = Conv2dGeometry & { WORKGROUP: number };

export const conv2dWeightGradientScalar: Kernel<ScalarKnobs> = {
  name: 'conv2dWeightGradientScalar',
  shader,
  grid: (k) => linearGrid(k.KH * k.KW * k.C * k.K, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.C, dy: k.N * k.OH * k.OW * k.K, dw: k.KH * k.KW * k.C * k.K }),
  flops: conv2dFlops,
};

export const conv2dWeightGradientScalarReference: Reference<ScalarKnobs> = (inputs, k) =>
  conv2dWeightGradientReference(inputs, { ...k, FILTER_C: k.C, SLICES: 1 });
