// updateStatistics: the effect that lets the running statistics of a batch norm follow those of a batch.

import { mismatch } from '../../errors.ts';
import { updateStatistics as updateStatisticsKernel } from '../../kernels/updateStatistics.ts';
import { call, type Node, type Op } from '../node.ts';
import { checkElement, checkScalar, checkState } from './updates.ts';

export interface UpdateStatisticsOptions {
  /** Momenta, of which element `index` is taken: the share of the new batch. */
  readonly momentum: Node;
  readonly index: number;
  /** Values a channel in the batch. */
  readonly rows: number;
}

export interface UpdateStatisticsAttributes {
  readonly index: number;
  readonly rows: number;
}

export const updateStatisticsOp: Op<UpdateStatisticsAttributes> = {
  name: 'updateStatistics',
  lower(node) {
    const [statistics, momentum, guard, mean, variance] = node.inputs as [Node, Node, Node, Node, Node];
    const { index: INDEX, rows: ROWS } = node.attributes;
    const knobs = { ROWS, C: mean.shape[0]!, INDEX, WORKGROUP: 64 };
    return [call(updateStatisticsKernel, knobs, { statistics, momentum, guard, mean, variance })];
  },
};

/**
 * mean and variance (C) = (1 - momentum) of themselves + momentum of the batch's `statistics` (2, C: mean, biased variance),
 * in place; the variance is made unbiased first, times rows / (rows - 1). Nothing changes where `guard` (1), the loss, is
 * not finite.
 */
export function updateStatistics(
  name: string,
  { mean, variance }: { readonly mean: Node; readonly variance: Node },
  statistics: Node,
  { momentum, index, rows }: UpdateStatisticsOptions,
  guard: Node,
): Node {
  const C = statistics.shape[1]!;
  checkState(name, mean, [C]);
  checkState(name, variance, [C]);
  checkElement(name, momentum, index);
  checkScalar(name, guard);
  if (!(Number.isInteger(rows) && rows > 1)) throw mismatch('input', name, 'values a channel', rows, 'at least 2');
  const inputs = [statistics, momentum, guard, mean, variance];
  return { op: updateStatisticsOp as Op, inputs, attributes: { index, rows }, shape: [1], dtype: 'f32', name };
}
