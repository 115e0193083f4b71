// conv2d: the node; conv2dForms.ts says how it can be computed.

import { mismatch } from '../../errors.ts';
import { type Conv2dKnobs, outputSize } from '../../kernels/conv2d.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { type Node, nhwc, type Op } from '../node.ts';
import { conv2dCalls, conv2dForms } from './conv2dForms.ts';

export interface Conv2dOptions {
  readonly stride?: number | readonly [number, number];
  readonly padding?: number | readonly [number, number];
  readonly dilation?: number | readonly [number, number];
  readonly activation?: Activation;
  /** Added before the activation; shape of the output. */
  readonly residual?: Node;
}

export interface Conv2dAttributes {
  readonly knobs: Conv2dKnobs;
}

export const conv2dOp: Op<Conv2dAttributes> = {
  name: 'conv2d',
  forms: (node, target) => conv2dForms(node.attributes.knobs, target),
  lower(node, target, form) {
    const [x, w, scale, shift, residual] = node.inputs as [Node, Node, Node, Node, Node | undefined];
    const buffers = { x, w, scale, shift, ...(residual && { residual }), y: node };
    return conv2dCalls(node.name, node.attributes.knobs, buffers, target, form ?? 'direct');
  },
};

/**
 * y = activation(scale * conv(x, w) + shift + residual), cross-correlation as torch.nn.functional.conv2d.
 * x (N, H, W, C), w (KH, KW, C, K), scale and shift (K) -> (N, OH, OW, K). Refuses channels that disagree and windows
 * larger than the padded input.
 */
export function conv2d(name: string, x: Node, w: Node, scale: Node, shift: Node, options: Conv2dOptions = {}): Node {
  const { n, h, w: width, c } = nhwc(x, name);
  const { n: kh, h: kw, w: channels, c: k } = nhwc(w, `${name}: weight`);
  if (c !== channels) throw mismatch('input', name, 'input channels', c, `${channels} as the weight has`);
  const [strideH, strideW] = pair(options.stride ?? 1);
  const [padH, padW] = pair(options.padding ?? 0);
  const [dilationH, dilationW] = pair(options.dilation ?? 1);
  const oh = outputSize(h, kh, strideH, padH, dilationH);
  const ow = outputSize(width, kw, strideW, padW, dilationW);
  if (oh < 1 || ow < 1) {
    throw mismatch('input', name, 'size of x', [h, width], `at least the window (${kh}, ${kw})`, 'use a larger image');
  }
  const { residual, activation = 'none' } = options;
  const shape = [n, oh, ow, k];
  if (residual && residual.shape.join() !== shape.join()) {
    throw mismatch('input', name, 'shape of the residual', [...residual.shape], `(${shape.join(', ')})`);
  }
  const knobs: Conv2dKnobs = {
    N: n,
    H: h,
    W: width,
    C: c,
    K: k,
    OH: oh,
    OW: ow,
    KH: kh,
    KW: kw,
    STRIDE_H: strideH,
    STRIDE_W: strideW,
    PAD_H: padH,
    PAD_W: padW,
    DILATION_H: dilationH,
    DILATION_W: dilationW,
    RESIDUAL: residual ? 1 : 0,
    ACTIVATION: activations[activation],
    WORKGROUP: 64,
  };
  const inputs = [x, w, scale, shift, ...(residual ? [residual] : [])];
  return { op: conv2dOp, inputs, attributes: { knobs }, shape, dtype: 'f32', name };
}

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;
