// The one table of tolerances. Each kernel's bound derives from what it does, in units of f32's rounding (2^-24):
// `roundings` counts the roundings on the longest path to one result, and `scale` says what they are relative to.

import type { Knobs } from '../../src/kernels/shader.ts';

interface Tolerance {
  /** Roundings on the longest path from the inputs to one output. */
  roundings(knobs: Knobs): number;
  /** `sum`: the same computation on absolute values (a sum may cancel); `result`: the result itself. */
  scale: 'sum' | 'result';
}

const k = (knobs: Knobs, name: string): number => knobs[name]!;
/** A sum of products: each term is rounded when multiplied and in every later addition; + scale, shift, residual. */
const convolution: Tolerance = {
  roundings: (knobs) => k(knobs, 'KH') * k(knobs, 'KW') * k(knobs, 'C') + 4 + exponential(knobs),
  scale: 'sum',
};
/** WGSL allows exp(x) an error of 3 + 2|x| ULP (a ULP is 2 roundings); ELU's arguments that matter are above -17. */
const exponential = (knobs: Knobs): number => (knobs.ACTIVATION === 2 ? 2 * (3 + 2 * 17) : 0);

export const tolerances: Record<string, Tolerance> = {
  conv2d: convolution,
  conv2dScalar: convolution,
  conv2dTiled: convolution,
};

/** Largest difference allowed for each output value. */
export function bounds(kernel: string, knobs: Knobs, result: Float64Array, sum: Float64Array): Float64Array {
  const tolerance = tolerances[kernel];
  if (!tolerance) throw new Error(`test/harness/tolerance.ts has no row for ${kernel}`);
  const relative = tolerance.roundings(knobs) * 2 ** -24;
  const scale = tolerance.scale === 'sum' ? sum : result;
  return scale.map((value) => relative * Math.abs(value) + 1e-30); // 1e-30: denormals may flush to zero
}
