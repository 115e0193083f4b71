// batchNorm: the node for a batch norm with given statistics. Behind a convolution it costs nothing as the scale and
// shift of the convolution instead.

import { mismatch } from '../../errors.ts';
import { batchNorm as batchNormKernel } from '../../kernels/batchNorm.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

/** Each (C). PyTorch's names: weight, bias, running_mean, running_var. */
export interface BatchNormParameters {
  readonly gamma: Node;
  readonly beta: Node;
  readonly mean: Node;
  readonly variance: Node;
}

export interface BatchNormOptions {
  /** Added to the variance: 1e-5 in torchvision, 1e-3 in Keras. */
  readonly eps: number;
  readonly activation?: Activation;
}

export interface BatchNormAttributes {
  readonly eps: number;
  readonly activation: Activation;
}

const batchNormOp: Op<BatchNormAttributes> = {
  name: 'batchNorm',
  lower(node) {
    const [x, gamma, beta, mean, variance] = node.inputs as [Node, Node, Node, Node, Node];
    const C = gamma.shape[0]!;
    const { eps, activation } = node.attributes;
    const knobs = {
      ROWS: elementCount(node.shape) / C,
      C,
      EPS: eps,
      ACTIVATION: activations[activation],
      WORKGROUP: 64,
    };
    return [call(batchNormKernel, knobs, { x, gamma, beta, mean, variance, y: node })];
  },
};

/**
 * y = activation((x - mean) / sqrt(variance + eps) * gamma + beta) over the last axis of x: (N, H, W, C) or (N, C).
 * Refuses parameters that are not (C) and an eps that is not positive.
 */
export function batchNorm(name: string, x: Node, parameters: BatchNormParameters, options: BatchNormOptions): Node {
  const { eps, activation = 'none' } = options;
  const { gamma, beta, mean, variance } = parameters;
  const channels = x.shape.slice(-1);
  for (const [what, { shape }] of Object.entries({ gamma, beta, mean, variance })) {
    if (shape.join() === channels.join() && shape.length === 1) continue;
    throw mismatch('input', name, `shape of ${what}`, [...shape], channels, 'one value for each channel of x');
  }
  if (!(eps > 0 && eps < Number.POSITIVE_INFINITY)) throw mismatch('input', name, 'eps', eps, 'a positive number');
  const inputs = [x, gamma, beta, mean, variance];
  return { op: batchNormOp, inputs, attributes: { eps, activation }, shape: x.shape, dtype: 'f32', name };
}
