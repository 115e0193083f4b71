// Layers: functions from nodes to nodes that declare their parameters by PyTorch's names.

import { derived, type Node } from '../graph/node.ts';
import { type BatchNormParameters, batchNorm as batchNormOp } from '../graph/ops/batchNorm.ts';
import { bareConv2d, type Conv2dOptions, conv2d } from '../graph/ops/conv2d.ts';
import { linear as linearOp } from '../graph/ops/linear.ts';
import type { Activation } from '../kernels/kernel.ts';
import type { Params } from './params.ts';

export interface ConvOptions extends Conv2dOptions {
  readonly kernel: number;
  readonly channels: number;
}

export type BareConvOptions = Omit<ConvOptions, 'activation' | 'residual'>;

export interface ConvBnActOptions extends ConvOptions {
  /** Of the batch norm: 1e-5 in torchvision, 1e-3 in Keras. */
  readonly eps: number;
}

/**
 * activation(batchNorm(conv(x)) + residual). In inference one fused convolution, for a batch norm is a scale and a shift
 * then: scale = gamma / sqrt(running_var + eps), shift = beta - running_mean * scale. In training a convolution and a
 * batch norm.
 * x (N, H, W, C) -> (N, OH, OW, channels). Parameters: `<conv>.weight`, `<bn>.{weight, bias, running_mean, running_var}`.
 */
export function convBnAct(params: Params, conv: string, bn: string, x: Node, options: ConvBnActOptions): Node {
  const { kernel, channels, eps, ...rest } = options;
  const { training } = params.at(conv);
  if (training) {
    const { activation, residual, ...geometry } = rest;
    const y = bareConv(params, conv, x, { kernel, channels, ...geometry });
    const [name, at] = [params.path(bn), params.at(bn)];
    return training.batchNorm(name, y, normParameters(at, channels), { eps, activation, residual });
  }
  const weight = params.at(conv).filters('weight', [channels, x.shape[3]!, kernel, kernel]);
  const { scale, shift } = foldBatchNorm(params.at(bn), channels, eps);
  return conv2d(params.path(conv), x, weight, scale, shift, rest);
}

function foldBatchNorm(params: Params, channels: number, eps: number): { scale: Node; shift: Node } {
  const { gamma, beta, mean, variance } = normParameters(params, channels);
  const factor = (g: number, v: number) => g / Math.sqrt(v + eps);
  const scale = derived(params.path('scale'), [channels], [gamma, variance], (gs, vs) =>
    gs!.map((g, i) => factor(g, vs![i]!)),
  );
  const shift = derived(params.path('shift'), [channels], [gamma, beta, mean, variance], (gs, bs, ms, vs) =>
    bs!.map((b, i) => b - ms![i]! * factor(gs![i]!, vs![i]!)),
  );
  return { scale, shift };
}

function normParameters(params: Params, channels: number): BatchNormParameters {
  const get = (name: string) => params.get(name, [channels]);
  return { gamma: get('weight'), beta: get('bias'), mean: get('running_mean'), variance: get('running_var') };
}

/** A conv alone, without bias: x (N, H, W, C) -> (N, OH, OW, channels) with `<name>.weight`. */
export function bareConv(params: Params, name: string, x: Node, options: BareConvOptions): Node {
  const { kernel, channels, ...rest } = options;
  const at = params.at(name);
  const weight = at.filters('weight', [channels, x.shape[3]!, kernel, kernel]);
  return bareConv2d(params.path(name), x, weight, rest);
}

/** activation(BN(x)) for x (N, C), as torch.nn.BatchNorm1d, with `<name>.{weight, bias, running_mean, running_var}`. */
export function batchNorm(params: Params, name: string, x: Node, activation: Activation = 'none'): Node {
  const at = params.at(name);
  const parameters = normParameters(at, x.shape[x.shape.length - 1]!);
  const options = { eps: 1e-5, activation };
  return at.training
    ? at.training.batchNorm(params.path(name), x, parameters, options)
    : batchNormOp(params.path(name), x, parameters, options);
}

/** x (N, in) -> (N, out) with `<name>.weight` (out, in) and `<name>.bias` (out). */
export function linear(params: Params, name: string, x: Node, out: number): Node {
  const at = params.at(name);
  return linearOp(params.path(name), x, at.filters('weight', [out, x.shape[1]!]), at.get('bias', [out]));
}
