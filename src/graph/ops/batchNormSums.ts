// batchNormSums: the node for what the gradients of a batch norm sum over each channel: those of beta and gamma.

import { batchNormSums as batchNormSumsKernel } from '../../kernels/batchNormSums.ts';
import { slicesOf } from '../../kernels/batchStatistics.ts';
import { activations } from '../../kernels/kernel.ts';
import { call, type Node, type Op } from '../node.ts';
import type { BatchNormTrainingAttributes } from './batchNormTraining.ts';
import { slicing, sumRowsCall } from './channelSlices.ts';

/** What a batch norm got and gave, and the gradient of that. */
export interface BatchNormValues {
  /** That of the batch norm's value; without `y` that of what stands before the activation. */
  readonly dy: Node;
  /** The batch norm's value, where the gradient has to pass its activation. */
  readonly y?: Node;
  readonly x: Node;
  /** (2, C): mean, variance. */
  readonly statistics: Node;
}

export const batchNormSumsOp: Op<BatchNormTrainingAttributes> = {
  name: 'batchNormSums',
  lower(node, target) {
    const [dy, x, statistics, y] = node.inputs as [Node, Node, Node, Node?];
    const { eps: EPS, activation } = node.attributes;
    const knobs = { ...slicing(x, target), EPS, ACTIVATION: activations[activation] };
    const slices = slicesOf(knobs);
    const values = { dy, x, statistics, ...(y && { y }) };
    if (slices === 1) return [call(batchNormSumsKernel, knobs, { ...values, partial: node })];
    const columns = 2 * knobs.C;
    const partial = { temporary: `${node.name}/slices`, elements: slices * columns };
    return [
      call(batchNormSumsKernel, knobs, { ...values, partial }),
      sumRowsCall(slices, columns, { x: partial, y: node }, target),
    ];
  },
};

/** (sum of g, sum of g (x - mean) / sqrt(variance + eps)) of each channel, g = dy activation'(y): -> (2, C). */
export function batchNormSums(
  name: string,
  { dy, y, x, statistics }: BatchNormValues,
  { eps, activation }: BatchNormTrainingAttributes,
): Node {
  const attributes = { eps, activation: y ? activation : 'none' } as const;
  const inputs = [dy, x, statistics, ...(y ? [y] : [])];
  return { op: batchNormSumsOp as Op, inputs, attributes, shape: statistics.shape, dtype: 'f32', name };
}
