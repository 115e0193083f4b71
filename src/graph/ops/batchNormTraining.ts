// batchNormTraining: the node for a batch norm with the statistics of the batch itself, with residual and activation.

import { mismatch } from '../../errors.ts';
import {
  batchNormTraining as batchNormTrainingKernel,
  type ChannelQuadsKnobs,
} from '../../kernels/batchNormTraining.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';
import type { Target } from '../target.ts';

export interface BatchNormTrainingOptions {
  /** Added to the variance: 1e-5 in torchvision, 1e-3 in Keras. */
  readonly eps: number;
  readonly activation?: Activation;
  /** Of the shape of x, added before the activation. */
  readonly residual?: Node;
}

export interface BatchNormTrainingAttributes {
  readonly eps: number;
  readonly activation: Activation;
}

export const batchNormTrainingOp: Op<BatchNormTrainingAttributes> = {
  name: 'batchNormTraining',
  lower(node, target) {
    const [x, statistics, gamma, beta, residual] = node.inputs as [Node, Node, Node, Node, Node?];
    const knobs = {
      ...channelQuads(x, node.attributes.eps, target),
      ACTIVATION: activations[node.attributes.activation],
      RESIDUAL: Number(residual !== undefined),
    };
    return [
      call(batchNormTrainingKernel, knobs, { x, statistics, gamma, beta, ...(residual && { residual }), y: node }),
    ];
  },
};

/** How the element-wise kernels of a batch norm go over x. */
export function channelQuads(x: Node, EPS: number, { family }: Target): Omit<ChannelQuadsKnobs, 'ACTIVATION'> {
  const C = x.shape[x.shape.length - 1]!;
  const ROWS = elementCount(x.shape) / C;
  return { ROWS, C, EPS, RAGGED: Number(C % 4 > 0), EACH: family === 'software' ? 16 : 4, WORKGROUP: 64 };
}

/**
 * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta + residual) over the last axis of x: (N, H, W, C) or
 * (N, C). `statistics` (2, C) is mean and variance (`batchStatistics`), gamma and beta are (C). Refuses other shapes and an
 * eps that is not positive.
 */
export function batchNormTraining(
  name: string,
  x: Node,
  statistics: Node,
  { gamma, beta }: { readonly gamma: Node; readonly beta: Node },
  { eps, activation = 'none', residual }: BatchNormTrainingOptions,
): Node<BatchNormTrainingAttributes> {
  const C = x.shape[x.shape.length - 1]!;
  checkShape(name, 'statistics', statistics, [2, C]);
  checkShape(name, 'gamma', gamma, [C]);
  checkShape(name, 'beta', beta, [C]);
  if (residual) checkShape(name, 'the residual', residual, x.shape);
  if (!(eps > 0 && eps < Number.POSITIVE_INFINITY)) throw mismatch('input', name, 'eps', eps, 'a positive number');
  const inputs = [x, statistics, gamma, beta, ...(residual ? [residual] : [])];
  return { op: batchNormTrainingOp, inputs, attributes: { eps, activation }, shape: x.shape, dtype: 'f32', name };
}

function checkShape(where: string, what: string, { shape }: Node, expected: readonly number[]): void {
  if (shape.join() === expected.join()) return;
  throw mismatch('input', where, `shape of ${what}`, [...shape], [...expected], 'they are those of x and its channels');
}
