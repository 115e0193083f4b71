// Layers: functions from nodes to nodes that declare their parameters by PyTorch's names.

import { derived, type Node } from '../graph/node.ts';
import { type Conv2dOptions, conv2d } from '../graph/ops/conv2d.ts';
import { linear as linearOp } from '../graph/ops/linear.ts';
import type { Params } from './params.ts';

/** OIHW in files, HWIO on the device. */
const HWIO = [2, 3, 1, 0] as const;

export interface ConvBnActOptions extends Conv2dOptions {
  readonly kernel: number;
  readonly channels: number;
  /** Of the batch norm: 1e-5 in torchvision, 1e-3 in Keras. */
  readonly eps: number;
}

/**
 * activation(batchNorm(conv(x)) + residual) as one fused convolution: in inference a batch norm is a scale and a shift,
 * scale = gamma / sqrt(running_var + eps), shift = beta - running_mean * scale.
 * x (N, H, W, C) -> (N, OH, OW, channels). Parameters: `<conv>.weight`, `<bn>.{weight, bias, running_mean, running_var}`.
 */
export function convBnAct(params: Params, conv: string, bn: string, x: Node, options: ConvBnActOptions): Node {
  const { kernel, channels, eps, ...rest } = options;
  const weight = params.at(conv).get('weight', [channels, x.shape[3]!, kernel, kernel], HWIO);
  const { scale, shift } = foldBatchNorm(params.at(bn), channels, eps);
  return conv2d(params.path(conv), x, weight, scale, shift, rest);
}

function foldBatchNorm(params: Params, channels: number, eps: number): { scale: Node; shift: Node } {
  const get = (name: string) => params.get(name, [channels]);
  const [gamma, beta, mean, variance] = [get('weight'), get('bias'), get('running_mean'), get('running_var')];
  const factor = (g: number, v: number) => g / Math.sqrt(v + eps);
  const scale = derived(params.path('scale'), [channels], [gamma, variance], (gs, vs) =>
    gs!.map((g, i) => factor(g, vs![i]!)),
  );
  const shift = derived(params.path('shift'), [channels], [gamma, beta, mean, variance], (gs, bs, ms, vs) =>
    bs!.map((b, i) => b - ms![i]! * factor(gs![i]!, vs![i]!)),
  );
  return { scale, shift };
}

/** x (N, in) -> (N, out) with `<name>.weight` (out, in) and `<name>.bias` (out). */
export function linear(params: Params, name: string, x: Node, out: number): Node {
  const at = params.at(name);
  return linearOp(params.path(name), x, at.get('weight', [out, x.shape[1]!], [1, 0]), at.get('bias', [out]));
}
