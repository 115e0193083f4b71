// winogradOutput: y = activation(scale (A^T m A) + shift + residual), the last step of Winograd's convolution.

import shader from '../../shaders/winogradOutput.wgsl';
import type { Epilogue } from './conv2d.ts';
import { activateReference, type Kernel, linearGrid, type Reference } from './kernel.ts';
import { sandwich, winogradMatrices, winogradSize, winogradTiles } from './winograd.ts';

/** Sizes of the output of a 3x3 convolution with stride 1; `TILE` 2 or 4. */
export type WinogradOutputKnobs = Epilogue & {
  N: number;
  OH: number;
  OW: number;
  K: number;
  TILE: number;
  WORKGROUP: number;
};

export const winogradOutput: Kernel<WinogradOutputKnobs> = {
  name: 'winogradOutput',
  shader,
  grid: (k) => linearGrid((winogradTiles(k) * k.K) / 4, k.WORKGROUP),
  elements: (k) => {
    const y = k.N * k.OH * k.OW * k.K;
    const m = winogradSize(k.TILE) * winogradTiles(k) * k.K;
    return { m, scale: k.K, shift: k.K, residual: k.RESIDUAL ? y : 0, y };
  },
  flops: () => 0,
};

export const winogradOutputReference: Reference<WinogradOutputKnobs> = ({ m, scale, shift, residual }, k) => {
  const { AT } = winogradMatrices(k.TILE);
  const [high, wide] = [Math.ceil(k.OH / k.TILE), Math.ceil(k.OW / k.TILE)];
  const tiles = winogradTiles(k);
  const size = k.TILE + 2;
  const y = new Float64Array(k.N * k.OH * k.OW * k.K);
  for (let tile = 0; tile < tiles; tile++) {
    const image = Math.floor(tile / (high * wide));
    const top = (Math.floor(tile / wide) % high) * k.TILE;
    const left = (tile % wide) * k.TILE;
    for (let channel = 0; channel < k.K; channel++) {
      const sums = sandwich(AT, (i, j) => m![((i * size + j) * tiles + tile) * k.K + channel]!);
      for (let i = 0; i < Math.min(k.TILE, k.OH - top); i++)
        for (let j = 0; j < Math.min(k.TILE, k.OW - left); j++) {
          const out = ((image * k.OH + top + i) * k.OW + left + j) * k.K + channel;
          const value = sums[i]![j]! * scale![channel]! + shift![channel]! + (k.RESIDUAL ? residual![out]! : 0);
          y[out] = activateReference(value, k.ACTIVATION);
        }
    }
  }
  return { y };
};
