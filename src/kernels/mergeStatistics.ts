// mergeStatistics: mean and variance of each channel over all rows, from those of slices that batchStatistics makes.

import shader from '../../shaders/mergeStatistics.wgsl';
import { slicesOf } from './batchStatistics.ts';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export type MergeStatisticsKnobs = { ROWS: number; C: number; SLICE: number; COLUMNS: number; LANES: number };

export const mergeStatistics: Kernel<MergeStatisticsKnobs> = {
  name: 'mergeStatistics',
  shader,
  grid: (k) => linearGrid(k.C, k.COLUMNS),
  elements: (k) => ({ partial: slicesOf(k) * 2 * k.C, statistics: 2 * k.C }),
  flops: (k) => 6 * slicesOf(k) * k.C,
};

export const mergeStatisticsReference: Reference<MergeStatisticsKnobs> = ({ partial }, { ROWS, C, SLICE }) => {
  const statistics = new Float64Array(2 * C);
  const counts = Array.from({ length: slicesOf({ ROWS, SLICE }) }, (_, s) => Math.min(SLICE, ROWS - s * SLICE));
  for (let c = 0; c < C; c++) {
    const mean = (slice: number) => partial![slice * 2 * C + c]!;
    const whole = counts.reduce((sum, count, slice) => sum + count * mean(slice), 0) / ROWS;
    statistics[c] = whole;
    counts.forEach((count, slice) => {
      const variance = partial![(slice * 2 + 1) * C + c]! + (mean(slice) - whole) ** 2;
      statistics[C + c]! += (count * variance) / ROWS;
    });
  }
  return { statistics };
};
