// linear: y = activation(x w + b), a GEMM for the few rows that heads have. w is (K, N), PyTorch's (out, in) transposed.

import shader from '../../shaders/linear.wgsl';
import { activateReference, ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** A workgroup has `COLUMNS` x `SLICES` invocations: 4 columns each, and `SLICES` (1 or at least 4) parts of the depth. */
export type LinearKnobs = {
  M: number;
  K: number;
  N: number;
  ACTIVATION: number;
  COLUMNS: number;
  SLICES: number;
};

export const linear: Kernel<LinearKnobs> = {
  name: 'linear',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.M, 4) * ceilDiv(k.N, 4 * k.COLUMNS), 1),
  elements: (k) => ({ x: k.M * k.K, w: k.K * k.N, b: k.N, y: k.M * k.N }),
  flops: (k) => 2 * k.M * k.K * k.N,
};

export const linearReference: Reference<LinearKnobs> = ({ x, w, b }, { M, K, N, ACTIVATION }) => {
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = b![n]!;
      for (let k = 0; k < K; k++) sum += x![m * K + k]! * w![k * N + n]!;
      y[m * N + n] = activateReference(sum, ACTIVATION);
    }
  return { y };
};
