// matmulScalar: a matrix product of any sizes, where rows that are no whole vec4 keep `matmul` out.

import shader from '../../shaders/matmulScalar.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** M, N and K are run-time parameters of the shader. */
export type MatmulScalarKnobs = {
  M: number;
  N: number;
  K: number;
  TRANSPOSE_A: number;
  TRANSPOSE_B: number;
  WORKGROUP: number;
};

export const matmulScalar: Kernel<MatmulScalarKnobs> = {
  name: 'matmulScalar',
  shader,
  grid: (k) => linearGrid(ceilDiv(k.M, 4) * ceilDiv(k.N, 4), k.WORKGROUP),
  elements: (k) => ({ a: k.M * k.K, b: k.K * k.N, y: k.M * k.N }),
  flops: (k) => 2 * k.M * k.N * k.K,
};

export const matmulScalarReference: Reference<MatmulScalarKnobs> = ({ a, b }, k) => {
  const { M, N, K, TRANSPOSE_A, TRANSPOSE_B } = k;
  const y = new Float64Array(M * N);
  for (let m = 0; m < M; m++)
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++)
        sum += a![TRANSPOSE_A ? k * M + m : m * K + k]! * b![TRANSPOSE_B ? n * K + k : k * N + n]!;
      y[m * N + n] = sum;
    }
  return { y };
};
