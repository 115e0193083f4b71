// conv2dWeightGradientTiled: the weight gradient of a convolution for GPUs, from tiles in workgroup memory.

import shader from '../../shaders/conv2dWeightGradientTiled.wgsl';
import {
  type WeightGradientKnobs,
  weightGradientElements,
  weightGradientFlops,
  weightGradientTiles,
} from './conv2dWeightGradient.ts';
import { type Kernel, linearGrid } from './kernel.ts';

export const conv2dWeightGradientTiled: Kernel<WeightGradientKnobs> = {
  name: 'conv2dWeightGradientTiled',
  shader,
  grid: (k) => linearGrid(weightGradientTiles(k, 64, 64), 1),
  elements: weightGradientElements,
  flops: weightGradientFlops,
};

export { conv2dWeightGradientReference as conv2dWeightGradientTiledReference } from './conv2dWeightGradient.ts';
