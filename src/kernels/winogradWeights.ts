// winogradWeights: u = G w G^T, the weights of Winograd's convolution; depends on w alone, so once is enough.

import shader from '../../shaders/winogradWeights.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import { sandwich, winogradMatrices, winogradSize } from './winograd.ts';

/** `TILE` 2 or 4. */
export type WinogradWeightsKnobs = { C: number; K: number; TILE: number; WORKGROUP: number };

export const winogradWeights: Kernel<WinogradWeightsKnobs> = {
  name: 'winogradWeights',
  shader,
  grid: (k) => linearGrid((k.C * k.K) / 4, k.WORKGROUP),
  elements: (k) => ({ w: 9 * k.C * k.K, u: winogradSize(k.TILE) * k.C * k.K }),
  flops: () => 0,
};

export const winogradWeightsReference: Reference<WinogradWeightsKnobs> = ({ w }, k) => {
  const { G } = winogradMatrices(k.TILE);
  const pairs = k.C * k.K;
  const u = new Float64Array(winogradSize(k.TILE) * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    const values = sandwich(G, (i, j) => w![(3 * i + j) * pairs + pair]!).flat();
    for (const [t, value] of values.entries()) u[t * pairs + pair] = value;
  }
  return { u };
};
