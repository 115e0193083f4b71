// conv2dInputGradientTiled: the gradient of a convolution's input for GPUs, for any stride.

import shader from '../../shaders/conv2dInputGradientTiled.wgsl';
import { conv2dFlops } from './conv2d.ts';
import { type InputGradientKnobs, inputGradientElements } from './conv2dInputGradient.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

export const conv2dInputGradientTiled: Kernel<InputGradientKnobs> = {
  name: 'conv2dInputGradientTiled',
  shader,
  grid: (k) => {
    const positions = k.N * ceilDiv(k.H, k.STRIDE_H) * ceilDiv(k.W, k.STRIDE_W);
    const [x, y] = linearGrid(ceilDiv(positions, 64) * ceilDiv(k.C, 64), 1);
    return [x, y, k.STRIDE_H * k.STRIDE_W];
  },
  elements: inputGradientElements,
  flops: conv2dFlops,
};

export { conv2dInputGradientReference as conv2dInputGradientTiledReference } from './conv2dInputGradient.ts';
