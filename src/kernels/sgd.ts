// sgd: one step of stochastic gradient descent with momentum and weight decay, in place.

import shader from '../../shaders/sgd.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** The rate is element `INDEX` of those given; an invocation takes `EACH` quads. */
export type SgdKnobs = {
  QUADS: number;
  INDEX: number;
  MOMENTUM: number;
  WEIGHT_DECAY: number;
  EACH: number;
  WORKGROUP: number;
};

export const sgd: Kernel<SgdKnobs> = {
  name: 'sgd',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.QUADS, k.EACH), k.WORKGROUP),
  elements: (k) => {
    const size = 4 * k.QUADS;
    return { gradient: size, rate: k.INDEX + 1, guard: 1, weight: size, velocity: size };
  },
  flops: (k) => 6 * 4 * k.QUADS,
};

export const sgdReference: Reference<SgdKnobs> = ({ gradient, rate, guard, weight, velocity }, k) => {
  const before = { weight: Float64Array.from(weight!), velocity: Float64Array.from(velocity!) };
  if (!Number.isFinite(guard![0])) return before;
  const after = before.velocity.map((v, i) => k.MOMENTUM * v + gradient![i]! + k.WEIGHT_DECAY * weight![i]!);
  return { weight: before.weight.map((w, i) => w - rate![k.INDEX]! * after[i]!), velocity: after };
};
