// activationGradient: the gradient of ReLU or ELU for its input, from the value that it gave.

import shader from '../../shaders/activationGradient.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference, slopeReference } from './kernel.ts';

/** `ACTIVATION` one of `activations`; an invocation takes `EACH` quads. */
export type ActivationGradientKnobs = { QUADS: number; ACTIVATION: number; EACH: number; WORKGROUP: number };

export const activationGradient: Kernel<ActivationGradientKnobs> = {
  name: 'activationGradient',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.QUADS, k.EACH), k.WORKGROUP),
  elements: (k) => ({ dy: 4 * k.QUADS, y: 4 * k.QUADS, dx: 4 * k.QUADS }),
  flops: (k) => 4 * k.QUADS,
};

export const activationGradientReference: Reference<ActivationGradientKnobs> = ({ dy, y }, k) => ({
  dx: Float64Array.from({ length: 4 * k.QUADS }, (_, i) => dy![i]! * slopeReference(y![i]!, k.ACTIVATION)),
});
