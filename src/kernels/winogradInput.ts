// winogradInput: v = B^T d B, the windows of Winograd's convolution transformed.

import shader from '../../shaders/winogradInput.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import { sandwich, winogradMatrices, winogradSize, winogradTiles } from './winograd.ts';

/** Geometry of a 3x3 convolution with stride 1; `TILE` 2 or 4. */
export type WinogradInputKnobs = {
  N: number;
  H: number;
  W: number;
  C: number;
  OH: number;
  OW: number;
  PAD_H: number;
  PAD_W: number;
  TILE: number;
  WORKGROUP: number;
};

export const winogradInput: Kernel<WinogradInputKnobs> = {
  name: 'winogradInput',
  shader,
  grid: (k) => linearGrid((winogradTiles(k) * k.C) / 4, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.C, v: winogradSize(k.TILE) * winogradTiles(k) * k.C }),
  flops: () => 0,
};

export const winogradInputReference: Reference<WinogradInputKnobs> = ({ x }, k) => {
  const { BT } = winogradMatrices(k.TILE);
  const [high, wide] = [Math.ceil(k.OH / k.TILE), Math.ceil(k.OW / k.TILE)];
  const tiles = winogradTiles(k);
  const v = new Float64Array(winogradSize(k.TILE) * tiles * k.C);
  for (let tile = 0; tile < tiles; tile++) {
    const image = Math.floor(tile / (high * wide));
    const top = (Math.floor(tile / wide) % high) * k.TILE - k.PAD_H;
    const left = (tile % wide) * k.TILE - k.PAD_W;
    for (let c = 0; c < k.C; c++) {
      const at = (i: number, j: number): number => {
        const [h, w] = [top + i, left + j];
        return h < 0 || h >= k.H || w < 0 || w >= k.W ? 0 : x![((image * k.H + h) * k.W + w) * k.C + c]!;
      };
      for (const [t, value] of sandwich(BT, at).flat().entries()) v[(t * tiles + tile) * k.C + c] = value;
    }
  }
  return { v };
};
