// conv2dInputGradientQuad: the gradient of a convolution's input on software adapters with subgroups, for any stride.

import shader from '../../shaders/conv2dInputGradientQuad.wgsl';
import { type Conv2dGeometry, conv2dFlops } from './conv2d.ts';
import { inputGradientElements } from './conv2dInputGradient.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

/**
 * The geometry of the convolution. `PLAIN`: 1 for a pointwise one with stride 1 and no padding. `LOW`: 1 for tiles of 16
 * positions x 32 channels instead of 32 x 16.
 */
export type InputGradientQuadKnobs = Conv2dGeometry & {
  RESIDUAL: number;
  PLAIN: number;
  LOW: number;
  WORKGROUP: number;
};

const quadTiles = (rows: number, columns: number, low: number): number =>
  low ? ceilDiv(rows, 16) * ceilDiv(columns, 32) : ceilDiv(rows, 32) * ceilDiv(columns, 16);

/** Whether tiles of 16 positions x 32 channels waste so much less than those of 32 x 16 that a pipeline more pays. */
export const quadLow = (rows: number, columns: number): number =>
  quadTiles(rows, columns, 1) <= 0.75 * quadTiles(rows, columns, 0) ? 1 : 0;

/** Positions that read the same taps. */
export const gradientPositions = (k: Conv2dGeometry): number =>
  k.N * ceilDiv(k.H, k.STRIDE_H) * ceilDiv(k.W, k.STRIDE_W);

export const conv2dInputGradientQuad: Kernel<InputGradientQuadKnobs> = {
  name: 'conv2dInputGradientQuad',
  shader,
  grid: (k) => {
    const [x, y] = linearGrid(quadTiles(gradientPositions(k), k.C, k.LOW) * 4, k.WORKGROUP);
    return [x, y, k.STRIDE_H * k.STRIDE_W];
  },
  elements: inputGradientElements,
  flops: conv2dFlops,
};

export { conv2dInputGradientReference as conv2dInputGradientQuadReference } from './conv2dInputGradient.ts';
