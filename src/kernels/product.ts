// product: `matmul` with sizes that come at run time, for the gradients of the attentions on software adapters.

import shader from '../../shaders/product.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';
import { type MatmulKnobs, matmulElements, matmulFlops, matmulReference } from './matmul.ts';

/** As those of `matmul`, padded with 0 (`LOWEST`). All but TRANSPOSE_A, TRANSPOSE_B and WORKGROUP are run-time parameters. */
export type ProductKnobs = Omit<MatmulKnobs, 'LOWEST'> & { WORKGROUP: number };

const asMatmul = (k: ProductKnobs): MatmulKnobs => ({ ...k, LOWEST: 0 });

export const product: Kernel<ProductKnobs> = {
  name: 'product',
  shader,
  grid: (k) => linearGrid(k.BATCH * k.GROUPS * ceilDiv(k.M, 8) * ceilDiv(k.N, 8), k.WORKGROUP),
  elements: (k) => matmulElements(asMatmul(k)),
  flops: (k) => matmulFlops(asMatmul(k)),
};

export const productReference: Reference<ProductKnobs> = (inputs, k) => matmulReference(inputs, asMatmul(k));
