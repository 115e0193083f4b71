// accumulate: adds a gradient to a sum in place, or starts the sum anew: how several small batches make one step.

import shader from '../../shaders/accumulate.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** An invocation takes `EACH` quads. */
export type AccumulateKnobs = { QUADS: number; EACH: number; WORKGROUP: number };

export const accumulate: Kernel<AccumulateKnobs> = {
  name: 'accumulate',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.QUADS, k.EACH), k.WORKGROUP),
  elements: (k) => ({ gradient: 4 * k.QUADS, keep: 1, sum: 4 * k.QUADS }),
  flops: (k) => 4 * k.QUADS,
};

export const accumulateReference: Reference<AccumulateKnobs> = ({ gradient, keep, sum }, k) => ({
  sum: Float64Array.from({ length: 4 * k.QUADS }, (_, i) => (keep![0]! > 0 ? sum![i]! + gradient![i]! : gradient![i]!)),
});
