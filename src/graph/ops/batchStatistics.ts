// batchStatistics: the node for mean and variance of each channel, which a batch norm in training normalises with.

import { mismatch } from '../../errors.ts';
import { batchStatistics as batchStatisticsKernel, slicesOf } from '../../kernels/batchStatistics.ts';
import { mergeStatistics } from '../../kernels/mergeStatistics.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';
import { merging, slicing } from './channelSlices.ts';

export const batchStatisticsOp: Op = {
  name: 'batchStatistics',
  lower(node, target) {
    const x = node.inputs[0]!;
    const knobs = slicing(x, target);
    const slices = slicesOf(knobs);
    if (slices === 1) return [call(batchStatisticsKernel, knobs, { x, partial: node })];
    const { ROWS, C, SLICE } = knobs;
    const partial = { temporary: `${node.name}/slices`, elements: slices * 2 * C };
    return [
      call(batchStatisticsKernel, knobs, { x, partial }),
      call(mergeStatistics, { ROWS, C, SLICE, ...merging(target) }, { partial, statistics: node }),
    ];
  },
};

/**
 * Mean and biased variance of each channel over all rows: x (N, H, W, C) or (N, C) -> (2, C). Refuses an x of one value a
 * channel: it has no deviation.
 */
export function batchStatistics(name: string, x: Node): Node {
  const C = x.shape[x.shape.length - 1] ?? 0;
  if (x.shape.length < 2 || elementCount(x.shape) === C) {
    const advice = 'a batch norm in training needs a larger batch or image';
    throw mismatch('input', name, `shape of ${x.name}`, [...x.shape], 'more than one value a channel', advice);
  }
  return { op: batchStatisticsOp, inputs: [x], attributes: undefined, shape: [2, C], dtype: 'f32', name };
}
