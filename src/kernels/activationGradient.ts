// activationGradient: the gradient of ReLU or ELU for its input, from the value that it gave.

import shader from '../../shaders/activationGradient.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference, slopeReference } from './kernel.ts';

/** `ACTIVATION` one of `activations`; `SUM` 0 or 1; an invocation takes `EACH` quads. */
export type ActivationGradientKnobs = {
  QUADS: number;
  ACTIVATION: number;
  SUM: number;
  EACH: number;
  WORKGROUP: number;
};

export const activationGradient: Kernel<ActivationGradientKnobs> = {
  name: 'activationGradient',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.QUADS, k.EACH), k.WORKGROUP),
  elements: (k) => {
    const size = 4 * k.QUADS;
    return { dy: size, other: k.SUM ? size : 0, y: size, dx: size };
  },
  flops: (k) => 4 * k.QUADS,
};

export const activationGradientReference: Reference<ActivationGradientKnobs> = ({ dy, other, y }, k) => ({
  dx: Float64Array.from({ length: 4 * k.QUADS }, (_, i) => {
    const d = dy![i]! + (k.SUM ? other![i]! : 0);
    return d * slopeReference(y![i]!, k.ACTIVATION);
  }),
});
