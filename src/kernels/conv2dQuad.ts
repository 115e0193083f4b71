// conv2dQuad: the register-tile family's convolution for software adapters with subgroups; takes a third of conv2d's loads.

import shader from '../../shaders/conv2dQuad.wgsl';
import { type Conv2dKnobs, conv2dElements, conv2dFlops } from './conv2d.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

/** `LOW`: 1 for tiles of 16 positions x 32 channels instead of 32 x 16. */
export type Conv2dQuadKnobs = Conv2dKnobs & { LOW?: number };

export const quadTiles = (rows: number, columns: number, low: number | undefined): number =>
  low ? ceilDiv(rows, 16) * ceilDiv(columns, 32) : ceilDiv(rows, 32) * ceilDiv(columns, 16);

/** Whether tiles of 16 positions x 32 channels waste so much less than those of 32 x 16 that a pipeline more pays. */
export const quadLow = (rows: number, columns: number): number =>
  quadTiles(rows, columns, 1) <= 0.75 * quadTiles(rows, columns, 0) ? 1 : 0;

export const conv2dQuad: Kernel<Conv2dQuadKnobs> = {
  name: 'conv2dQuad',
  shader,
  grid: (k) => linearGrid(quadTiles(k.N * k.OH * k.OW, k.K, k.LOW) * 4, k.WORKGROUP),
  elements: conv2dElements,
  flops: conv2dFlops,
};

export { conv2dReference as conv2dQuadReference } from './conv2d.ts';
