// matmul: a batch of matrix products, register-tile family (software adapters), with the reference that both share.

import shader from '../../shaders/matmul.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/**
 * y = ALPHA A B, with `SCALED` gamma[GAMMA] ALPHA A B, with `RESIDUAL` residual + gamma[GAMMA] ALPHA A B. BATCH x GROUPS products; strides in elements, all
 * multiples of 4. A row of a, b or y that ends within a vec4 is padded there: finite values in a and b, in y 0 (`LOWEST`:
 * -3.4e38). The depth K may end so only where B is not transposed.
 */
export type MatmulKnobs = {
  BATCH: number;
  GROUPS: number;
  M: number;
  N: number;
  K: number;
  TRANSPOSE_A: number;
  TRANSPOSE_B: number;
  A_ROW: number;
  A_GROUP: number;
  A_BATCH: number;
  B_ROW: number;
  B_GROUP: number;
  B_BATCH: number;
  Y_ROW: number;
  Y_GROUP: number;
  Y_BATCH: number;
  ALPHA: number;
  RESIDUAL: number;
  SCALED: number;
  GAMMA: number;
  LOWEST: number;
};

export const matmulFlops = (k: MatmulKnobs): number => 2 * k.BATCH * k.GROUPS * k.M * k.N * k.K;

export function matmulElements(k: MatmulKnobs): Record<string, number> {
  const extent = (batch: number, group: number, row: number, rows: number, columns: number) =>
    (k.BATCH - 1) * batch + (k.GROUPS - 1) * group + (rows - 1) * row + 4 * ceilDiv(columns, 4);
  const [rowsA, columnsA] = k.TRANSPOSE_A ? [k.K, k.M] : [k.M, k.K];
  const [rowsB, columnsB] = k.TRANSPOSE_B ? [k.N, k.K] : [k.K, k.N];
  const y = extent(k.Y_BATCH, k.Y_GROUP, k.Y_ROW, k.M, k.N);
  return {
    a: extent(k.A_BATCH, k.A_GROUP, k.A_ROW, rowsA, columnsA),
    b: extent(k.B_BATCH, k.B_GROUP, k.B_ROW, rowsB, columnsB),
    residual: k.RESIDUAL ? y : 0,
    gamma: k.RESIDUAL || k.SCALED ? k.GAMMA + 1 : 0,
    y,
  };
}

export const matmul: Kernel<MatmulKnobs & { WORKGROUP: number }> = {
  name: 'matmul',
  shader,
  grid: (k) => linearGrid(k.BATCH * k.GROUPS * ceilDiv(k.M, 8) * ceilDiv(k.N, 8), k.WORKGROUP),
  elements: matmulElements,
  flops: matmulFlops,
};

export const matmulReference: Reference<MatmulKnobs> = ({ a, b, residual, gamma }, k) => {
  const y = new Float64Array(matmulElements(k).y!);
  for (let batch = 0; batch < k.BATCH; batch++)
    for (let group = 0; group < k.GROUPS; group++)
      for (let m = 0; m < k.M; m++)
        for (let n = 0; n < 4 * ceilDiv(k.N, 4); n++) {
          const out = batch * k.Y_BATCH + group * k.Y_GROUP + m * k.Y_ROW + n;
          if (n >= k.N) {
            y[out] = k.LOWEST ? -Math.fround(3.4e38) : 0;
            continue;
          }
          let sum = 0;
          for (let depth = 0; depth < k.K; depth++) {
            const inA = k.TRANSPOSE_A ? depth * k.A_ROW + m : m * k.A_ROW + depth;
            const inB = k.TRANSPOSE_B ? n * k.B_ROW + depth : depth * k.B_ROW + n;
            const aValue = a![batch * k.A_BATCH + group * k.A_GROUP + inA]!;
            sum += aValue * b![batch * k.B_BATCH + group * k.B_GROUP + inB]!;
          }
          const value = k.ALPHA * (k.RESIDUAL || k.SCALED ? gamma![k.GAMMA]! : 1) * sum;
          y[out] = value + (k.RESIDUAL ? residual![out]! : 0);
        }
  return { y };
};
