// winogradProduct: m[t] = v[t] u[t] for software adapters with subgroups. Others multiply with matmul or matmulTiled.

import shader from '../../shaders/winogradProduct.wgsl';
import { unpackWeights } from './filtersLast.ts';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** T products of (TILES, C) by (C, K), the second packed. */
export type WinogradProductKnobs = { T: number; TILES: number; C: number; K: number; WORKGROUP: number };

export const winogradProduct: Kernel<WinogradProductKnobs> = {
  name: 'winogradProduct',
  shader,
  grid: (k) => linearGrid(4 * k.T * ceilDiv(k.TILES, 16) * ceilDiv(k.K, 16), k.WORKGROUP),
  elements: (k) => ({ v: k.T * k.TILES * k.C, u: k.T * k.C * k.K, m: k.T * k.TILES * k.K }),
  flops: (k) => 2 * k.T * k.TILES * k.C * k.K,
};

export const winogradProductReference: Reference<WinogradProductKnobs> = ({ v, u: packed }, k) => {
  const u = unpackWeights(packed!, k);
  const m = new Float64Array(k.T * k.TILES * k.K);
  for (let t = 0; t < k.T; t++)
    for (let tile = 0; tile < k.TILES; tile++)
      for (let channel = 0; channel < k.K; channel++) {
        let sum = 0;
        for (let c = 0; c < k.C; c++) {
          sum += v![(t * k.TILES + tile) * k.C + c]! * u[(t * k.C + c) * k.K + channel]!;
        }
        m[(t * k.TILES + tile) * k.K + channel] = sum;
      }
  return { m };
};
