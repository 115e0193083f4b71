// conv2dQuad: the register-tile family's convolution for software adapters with subgroups; takes a third of conv2d's loads.

import shader from '../../shaders/conv2dQuad.wgsl';
import { type Conv2dKnobs, conv2dElements, conv2dFlops } from './conv2d.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

export const conv2dQuad: Kernel<Conv2dKnobs> = {
  name: 'conv2dQuad',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.N * k.OH * k.OW, 32) * ceilDiv(k.K, 16) * 4, k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export { conv2dReference as conv2dQuadReference } from './conv2d.ts';
