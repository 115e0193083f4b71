// conv2dStem: the convolution of the workgroup-tile family for channel counts that are no multiple of 4 and small: a row
// of the window is one run of floats, so that nothing is padded. What a workgroup needs must fit its memory (`stemBytes`).

import shader from '../../shaders/conv2dStem.wgsl';
import { type Conv2dGeometry, conv2dElements, conv2dFlops, type Epilogue } from './conv2d.ts';
import type { Tile } from './conv2dTiled.ts';
import { ceilDiv, type Kernel } from './kernel.ts';

export const conv2dStem: Kernel<Conv2dGeometry & Epilogue & Tile> = {
  name: 'conv2dStem',
  shader,
  grid: (k) => [ceilDiv(k.OW, k.ROWS * k.ROW_LANES), ceilDiv(k.K, 4 * k.QUADS * k.COLUMN_LANES), k.N * k.OH],
  elements: conv2dElements,
  flops: conv2dFlops,
};

/** Bytes of workgroup memory: the run of x under a row of windows, and a window row's weights, in whole loads of all lanes. */
export function stemBytes(k: Conv2dGeometry, tile: Tile): number {
  const lanes = tile.ROW_LANES * tile.COLUMN_LANES;
  const run = ((tile.ROWS * tile.ROW_LANES - 1) * k.STRIDE_W + (k.KW - 1) * k.DILATION_W + 1) * k.C;
  const quads = k.KW * k.C * tile.QUADS * tile.COLUMN_LANES;
  return lanes * (4 * ceilDiv(run, lanes) + 16 * ceilDiv(quads, lanes));
}

export { conv2dReference as conv2dStemReference } from './conv2d.ts';
