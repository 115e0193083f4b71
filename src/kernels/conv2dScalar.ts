// conv2dScalar: the convolution for channel counts that are no multiples of 4, on every adapter.

import shader from '../../shaders/conv2dScalar.wgsl';
import { type Conv2dKnobs, conv2dElements, conv2dFlops } from './conv2d.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

export const conv2dScalar: Kernel<Conv2dKnobs> = {
  name: 'conv2dScalar',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.N * k.OH * k.OW, 4) * ceilDiv(k.K, 4), k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export { conv2dReference as conv2dScalarReference } from './conv2d.ts';
