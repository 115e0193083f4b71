// matmul: the kernel call for a batch of matrix products, which the attention ops share. It is no node of its own.

import { type MatmulKnobs, matmul as matmulKernel } from '../../kernels/matmul.ts';
import { matmulTiled } from '../../kernels/matmulTiled.ts';
import { type Call, call } from '../node.ts';
import type { Target } from '../target.ts';

type Sizes = 'BATCH' | 'M' | 'N' | 'K' | 'A_ROW' | 'B_ROW' | 'Y_ROW' | 'A_BATCH' | 'B_BATCH' | 'Y_BATCH';
export type MatmulChoice = Pick<MatmulKnobs, Sizes> & Partial<Omit<MatmulKnobs, Sizes>>;

/** Of a single product as it is. */
export const matmulDefaults = {
  ...{ GROUPS: 1, A_GROUP: 0, B_GROUP: 0, Y_GROUP: 0 },
  ...{ TRANSPOSE_A: 0, TRANSPOSE_B: 0, ALPHA: 1, RESIDUAL: 0, SCALED: 0, GAMMA: 0 },
};

/** y = ALPHA A B, gamma[GAMMA] ALPHA A B or residual + gamma[GAMMA] ALPHA A B, on the kernel of the target's family. */
export function matmulCall(choice: MatmulChoice, buffers: Call['buffers'], target: Target): Call {
  const knobs: MatmulKnobs = { ...matmulDefaults, LOWEST: 0, ...choice };
  if (target.family !== 'software') return call(matmulTiled, knobs, buffers);
  return call(matmulKernel, { ...knobs, WORKGROUP: 64 }, buffers);
}
