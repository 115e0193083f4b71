// filtersLast: weights as files hold them, brought to the order that the other kernels read.

import shader from '../../shaders/filtersLast.wgsl';
import { ceilDiv, type Kernel, type Reference } from './kernel.ts';

/** x (K, C, T) -> y (T, C, K); all three are run-time parameters of the shader. */
export type FiltersLastKnobs = { K: number; C: number; T: number };

/** The shader's WORKGROUP and ROWS. */
const [WORKGROUP, ROWS] = [64, 16];

export const filtersLast: Kernel<FiltersLastKnobs> = {
  name: 'filtersLast',
  shader,
  grid: (k) => [k.T, ceilDiv(k.K, WORKGROUP), ceilDiv(k.C, ROWS)],
  elements: (k) => ({ x: k.K * k.C * k.T, y: k.K * k.C * k.T }),
  flops: () => 0,
};

export const filtersLastReference: Reference<FiltersLastKnobs> = ({ x }, { K, C, T }) => ({
  y: Float64Array.from({ length: K * C * T }, (_, i) => {
    const [t, c, k] = [Math.floor(i / (C * K)), Math.floor(i / K) % C, i % K];
    return x![(k * C + c) * T + t]!;
  }),
});
