// conv2d: the node; conv2dForms.ts says how it can be computed.

import { mismatch } from '../../errors.ts';
import { type Conv2dKnobs, outputSize } from '../../kernels/conv2d.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { derived, type Node, nhwc, type Op } from '../node.ts';
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
  /** Nothing happens to a sum: its scale is 1, its shift 0. Only then does it have gradients. */
  readonly bare: boolean;
}

export const conv2dOp: Op<Conv2dAttributes> = {
  name: 'conv2d',
  forms: (node, target) => conv2dForms(node.attributes.knobs, target, node.inputs[1]),
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
export function conv2d(
  name: string,
  x: Node,
  w: Node,
  scale: Node,
  shift: Node,
  options: Conv2dOptions = {},
): Node<Conv2dAttributes> {
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
  return { op: conv2dOp, inputs, attributes: { knobs, bare: false }, shape, dtype: 'f32', name };
}

/** conv2d without an epilogue: y = conv(x, w). */
export function bareConv2d(
  name: string,
  x: Node,
  w: Node,
  { stride, padding, dilation }: Omit<Conv2dOptions, 'activation' | 'residual'> = {},
): Node<Conv2dAttributes> {
  const k = w.shape[3] ?? 0;
  const node = conv2d(name, x, w, ones(k), zeros(k), { stride, padding, dilation });
  return { ...node, attributes: { ...node.attributes, bare: true } };
}

/** Constants of one value by length: every plan has them once, however many convolutions read them. */
function constants(what: string, value: number): (length: number) => Node {
  const known = new Map<number, Node>();
  return (length) => {
    const node =
      known.get(length) ?? derived(`${what}/${length}`, [length], [], () => new Float32Array(length).fill(value));
    known.set(length, node);
    return node;
  };
}
export const ones = constants('ones', 1);
export const zeros = constants('zeros', 0);

const pair = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === 'number' ? [value, value] : value;
