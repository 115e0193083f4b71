// batchNormGradient: the node for the gradient of a batch norm in training for its input.

import { batchNormGradient as batchNormGradientKernel } from '../../kernels/batchNormGradient.ts';
import { activations } from '../../kernels/kernel.ts';
import { call, type Node, type Op } from '../node.ts';
import type { BatchNormValues } from './batchNormSums.ts';
import { type BatchNormTrainingAttributes, channelQuads } from './batchNormTraining.ts';

export const batchNormGradientOp: Op<BatchNormTrainingAttributes> = {
  name: 'batchNormGradient',
  lower(node, target) {
    const [dy, x, statistics, gamma, sums, y] = node.inputs as [Node, Node, Node, Node, Node, Node?];
    const { eps, activation } = node.attributes;
    const knobs = { ...channelQuads(x, eps, target), ACTIVATION: activations[activation] };
    return [call(batchNormGradientKernel, knobs, { dy, x, statistics, gamma, sums, ...(y && { y }), dx: node })];
  },
};

/** dx, of the shape of x, with the path through the statistics; `sums` (2, C) as batchNormSums makes them. */
export function batchNormGradient(
  name: string,
  { dy, y, x, statistics, gamma, sums }: BatchNormValues & { readonly gamma: Node; readonly sums: Node },
  { eps, activation }: BatchNormTrainingAttributes,
): Node {
  const attributes = { eps, activation: y ? activation : 'none' } as const;
  const inputs = [dy, x, statistics, gamma, sums, ...(y ? [y] : [])];
  return { op: batchNormGradientOp as Op, inputs, attributes, shape: x.shape, dtype: 'f32', name };
}
