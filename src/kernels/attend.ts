// attend: attention of a receiver's positions to a sender's by an online softmax, whose weights are never stored.

import shader from '../../shaders/attend.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** What becomes of the attended values: stored, added to `x` times gamma, or added to y times gamma. */
export const residuals = { none: 0, x: 1, y: 2 } as const;

/**
 * query (N, P, R), key (N, S, R), value (N, S, D) -> y (N, P, D); R and D multiples of 4. `RESIDUAL` one of `residuals`,
 * with gamma[GAMMA].
 */
export type AttendShape = {
  N: number;
  P: number;
  S: number;
  R: number;
  D: number;
  SCALE: number;
  RESIDUAL: number;
  GAMMA: number;
};

/** `WORKGROUP` invocations: a multiple of 16, at most 128. */
export type AttendKnobs = AttendShape & { WORKGROUP: number };

export const attendFlops = (k: AttendShape): number => 2 * k.N * k.P * k.S * (k.R + k.D);

export function attendElements(k: AttendShape): Record<string, number> {
  const y = k.N * k.P * k.D;
  return {
    query: k.N * k.P * k.R,
    key: k.N * k.S * k.R,
    value: k.N * k.S * k.D,
    x: k.RESIDUAL === residuals.x ? y : 0,
    gamma: k.RESIDUAL ? k.GAMMA + 1 : 0,
    y,
  };
}

export const attend: Kernel<AttendKnobs> = {
  name: 'attend',
  shader,
  grid: (k) => linearGrid(k.N * ceilDiv(k.P, 16) * ceilDiv(k.D, 4 * k.WORKGROUP), 1),
  elements: attendElements,
  flops: attendFlops,
};

export const attendReference: Reference<AttendShape> = ({ query, key, value, x, gamma }, k) => {
  const y = new Float64Array(k.N * k.P * k.D);
  for (let n = 0; n < k.N; n++)
    for (let p = 0; p < k.P; p++) {
      const row = n * k.P + p;
      const scores = Float64Array.from({ length: k.S }, (_, s) => {
        let sum = 0;
        for (let r = 0; r < k.R; r++) sum += query![row * k.R + r]! * key![(n * k.S + s) * k.R + r]!;
        return k.SCALE * sum;
      });
      const maximum = scores.reduce((a, b) => Math.max(a, b));
      const weights = scores.map((score) => Math.exp(score - maximum));
      const total = weights.reduce((a, b) => a + b);
      for (let d = 0; d < k.D; d++) {
        let sum = 0;
        for (let s = 0; s < k.S; s++) sum += weights[s]! * value![(n * k.S + s) * k.D + d]!;
        const at = row * k.D + d;
        y[at] = k.RESIDUAL === residuals.x ? x![at]! + gamma![k.GAMMA]! * (sum / total) : sum / total;
      }
    }
  return { y };
};
