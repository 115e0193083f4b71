// conv2dWeightGradientQuad: the weight gradient of a convolution on software adapters with subgroups.

import shader from '../../shaders/conv2dWeightGradientQuad.wgsl';
import {
  type WeightGradientKnobs,
  weightGradientElements,
  weightGradientFlops,
  weightGradientTiles,
} from './conv2dWeightGradient.ts';
import { type Kernel, linearGrid } from './kernel.ts';

export const conv2dWeightGradientQuad: Kernel<WeightGradientKnobs & { WORKGROUP: number }> = {
  name: 'conv2dWeightGradientQuad',
  shader,
  grid: (k) => linearGrid(4 * weightGradientTiles(k, 32, 16), k.WORKGROUP),
  elements: weightGradientElements,
  flops: weightGradientFlops,
};

export { conv2dWeightGradientReference as conv2dWeightGradientQuadReference } from './conv2dWeightGradient.ts';
