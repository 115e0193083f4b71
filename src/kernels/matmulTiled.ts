// matmulTiled: a batch of matrix products for GPUs, from tiles in workgroup memory.

import shader from '../../shaders/matmulTiled.wgsl';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';
import { type MatmulKnobs, matmulElements, matmulFlops } from './matmul.ts';

export const matmulTiled: Kernel<MatmulKnobs> = {
  name: 'matmulTiled',
  shader,
  grid: (k) => linearGrid(k.BATCH * k.GROUPS * ceilDiv(k.M, 64) * ceilDiv(k.N, 64), 1),
  elements: matmulElements,
  flops: matmulFlops,
};

export { matmulReference as matmulTiledReference } from './matmul.ts';
