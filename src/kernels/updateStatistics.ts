// updateStatistics: the running statistics of a batch norm after one more batch, in place.

import shader from '../../shaders/updateStatistics.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `ROWS`: values a channel in the batch; the momentum is element `INDEX` of those given. */
export type UpdateStatisticsKnobs = { ROWS: number; C: number; INDEX: number; WORKGROUP: number };

export const updateStatistics: Kernel<UpdateStatisticsKnobs> = {
  name: 'updateStatistics',
  shader,
  grid: (k) => linearGrid(k.C, k.WORKGROUP),
  elements: (k) => ({ statistics: 2 * k.C, momentum: k.INDEX + 1, guard: 1, mean: k.C, variance: k.C }),
  flops: (k) => 7 * k.C,
};

export const updateStatisticsReference: Reference<UpdateStatisticsKnobs> = (inputs, { ROWS, C, INDEX }) => {
  const { statistics, momentum, guard } = inputs;
  const mean = Float64Array.from(inputs.mean!);
  const variance = Float64Array.from(inputs.variance!);
  if (!Number.isFinite(guard![0])) return { mean, variance };
  const m = momentum![INDEX]!;
  for (let c = 0; c < C; c++) {
    mean[c] = (1 - m) * mean[c]! + m * statistics![c]!;
    variance[c] = (1 - m) * variance[c]! + (m * statistics![C + c]! * ROWS) / (ROWS - 1);
  }
  return { mean, variance };
};
