// activation: ReLU or ELU of each element, for values that no kernel with an epilogue made.

import shader from '../../shaders/activation.wgsl';
import { activateReference, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `ACTIVATION` one of `activations`. */
export type ActivationKnobs = { SIZE: number; ACTIVATION: number; WORKGROUP: number };

export const activation: Kernel<ActivationKnobs> = {
  name: 'activation',
  shader,
  grid: (k) => linearGrid(k.SIZE, k.WORKGROUP),
  elements: (k) => ({ x: k.SIZE, y: k.SIZE }),
  flops: (k) => k.SIZE,
};

export const activationReference: Reference<ActivationKnobs> = ({ x }, k) => ({
  y: Float64Array.from({ length: k.SIZE }, (_, i) => activateReference(x![i]!, k.ACTIVATION)),
});
