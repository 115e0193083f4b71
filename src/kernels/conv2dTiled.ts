// conv2dTiled: the convolution of the workgroup-tile family, for GPUs, where barriers are cheap and memory is far.

import shader from '../../shaders/conv2dTiled.wgsl';
import { type Conv2dGeometry, conv2dElements, conv2dFlops, type Epilogue } from './conv2d.ts';
import { ceilDiv, type Kernel } from './kernel.ts';

export const conv2dTiled: Kernel<Conv2dGeometry & Epilogue> = {
  name: 'conv2dTiled',
  shader,
  grid: (k) => [ceilDiv(k.N * k.OH * k.OW, 64), ceilDiv(k.K, 64), 1],
  elements: conv2dElements,
  flops: conv2dFlops,
};

export { conv2dReference as conv2dTiledReference } from './conv2d.ts';
