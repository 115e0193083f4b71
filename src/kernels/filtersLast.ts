// filtersLast: weights as files hold them, brought to the order that the other kernels read.

import shader from '../../shaders/filtersLast.wgsl';
import { ceilDiv, type Kernel, type Reference } from './kernel.ts';

/** Where the weight of tap t, input channel c and filter k lies: at t STEP_T + c STEP_C + k STEP_K. */
export type WeightSteps = { STEP_T: number; STEP_C: number; STEP_K: number };

/**
 * x -> y (T, C, K), with `PACKED` (T, C/4, K, 4), C then being a multiple of 4; all are run-time parameters of the shader.
 */
export type FiltersLastKnobs = WeightSteps & { K: number; C: number; T: number; PACKED: number };

/** Of x (K, C, T), as in files. */
export const stepsInFiles = ({ C, T }: { C: number; T: number }): WeightSteps => ({
  STEP_T: 1,
  STEP_C: T,
  STEP_K: C * T,
});

/** The shader's WORKGROUP and ROWS. */
const [WORKGROUP, ROWS] = [64, 16];

export const filtersLast: Kernel<FiltersLastKnobs> = {
  name: 'filtersLast',
  shader,
  grid: (k) => [k.T, ceilDiv(k.K, WORKGROUP), ceilDiv(k.C, ROWS)],
  elements: (k) => ({ x: k.K * k.C * k.T, y: k.K * k.C * k.T }),
  flops: () => 0,
};

export const filtersLastReference: Reference<FiltersLastKnobs> = ({ x }, k) => {
  const y = new Float64Array(k.T * k.C * k.K);
  for (let t = 0; t < k.T; t++)
    for (let c = 0; c < k.C; c++)
      for (let filter = 0; filter < k.K; filter++) {
        const value = x![t * k.STEP_T + c * k.STEP_C + filter * k.STEP_K]!;
        if (k.PACKED) y[((t * (k.C / 4) + Math.floor(c / 4)) * k.K + filter) * 4 + (c % 4)] = value;
        else y[(t * k.C + c) * k.K + filter] = value;
      }
  return { y };
};

/** Packed weights as (T, C, K): for the references of what reads them. */
export function unpackWeights(
  packed: ArrayLike<number>,
  { T, C, K }: { T: number; C: number; K: number },
): Float64Array {
  return Float64Array.from({ length: T * C * K }, (_, i) => {
    const [t, c, k] = [Math.floor(i / (C * K)), Math.floor(i / K) % C, i % K];
    return packed[((t * (C / 4) + Math.floor(c / 4)) * K + k) * 4 + (c % 4)]!;
  });
}
