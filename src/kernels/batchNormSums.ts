// batchNormSums: what the gradient of a batch norm sums over each channel, in slices of the rows; sumRows adds them up.

import shader from '../../shaders/batchNormSums.wgsl';
import { type SlicedKnobs, slicedGrid, slicesOf, wholeQuads } from './batchStatistics.ts';
import { type Kernel, type Reference, slopeReference } from './kernel.ts';

export type BatchNormSumsKnobs = SlicedKnobs & { EPS: number; ACTIVATION: number };

export const batchNormSums: Kernel<BatchNormSumsKnobs> = {
  name: 'batchNormSums',
  shader,
  grid: slicedGrid,
  elements: (k) => {
    const x = wholeQuads(k.ROWS * k.C);
    return { dy: x, y: k.ACTIVATION ? x : 0, x, statistics: 2 * k.C, partial: slicesOf(k) * 2 * k.C };
  },
  flops: (k) => 5 * k.ROWS * k.C,
};

export const batchNormSumsReference: Reference<BatchNormSumsKnobs> = ({ dy, y, x, statistics }, k) => {
  const { ROWS, C, SLICE } = k;
  const partial = new Float64Array(slicesOf(k) * 2 * C);
  for (let row = 0; row < ROWS; row++)
    for (let c = 0; c < C; c++) {
      const i = row * C + c;
      const g = k.ACTIVATION ? dy![i]! * slopeReference(y![i]!, k.ACTIVATION) : dy![i]!;
      const at = Math.floor(row / SLICE) * 2 * C + c;
      partial[at]! += g;
      partial[at + C]! += (g * (x![i]! - statistics![c]!)) / Math.sqrt(statistics![C + c]! + k.EPS);
    }
  return { partial };
};
