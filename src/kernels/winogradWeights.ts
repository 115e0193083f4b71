// winogradWeights: u = G w G^T, the weights of Winograd's convolution; depends on w alone, so once is enough.

import shader from '../../shaders/winogradWeights.wgsl';
import type { WeightSteps } from './filtersLast.ts';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import { sandwich, winogradMatrices, winogradSize } from './winograd.ts';

/** `TILE` 2 or 4. `PACKED`: 1 for u as winogradProduct reads it. */
export type WinogradWeightsKnobs = WeightSteps & {
  C: number;
  K: number;
  TILE: number;
  PACKED: number;
  WORKGROUP: number;
};

export const winogradWeights: Kernel<WinogradWeightsKnobs> = {
  name: 'winogradWeights',
  shader,
  grid: (k) => linearGrid((k.C * k.K) / 4, k.WORKGROUP),
  elements: (k) => ({ w: 9 * k.C * k.K, u: winogradSize(k.TILE) * k.C * k.K }),
  flops: () => 0,
};

export const winogradWeightsReference: Reference<WinogradWeightsKnobs> = ({ w }, k) => {
  const { G } = winogradMatrices(k.TILE);
  const u = new Float64Array(winogradSize(k.TILE) * k.C * k.K);
  for (let c = 0; c < k.C; c++)
    for (let filter = 0; filter < k.K; filter++) {
      const at = c * k.STEP_C + filter * k.STEP_K;
      const values = sandwich(G, (i, j) => w![(3 * i + j) * k.STEP_T + at]!).flat();
      const pair = k.PACKED ? (Math.floor(c / 4) * k.K + filter) * 4 + (c % 4) : c * k.K + filter;
      for (const [t, value] of values.entries()) u[t * k.C * k.K + pair] = value;
    }
  return { u };
};
