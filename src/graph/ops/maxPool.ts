// maxPool: the node.

import { mismatch } from '../../errors.ts';
import { outputSize } from '../../kernels/conv2d.ts';
import { type MaxPoolKnobs, maxPool as maxPoolKernel } from '../../kernels/maxPool.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

type Pair = number | readonly [number, number];

export interface MaxPoolOptions {
  readonly kernel: Pair;
  /** As the kernel, if absent. */
  readonly stride?: Pair;
  readonly padding?: Pair;
}

export interface MaxPoolAttributes {
  readonly knobs: MaxPoolKnobs;
}

export const maxPoolOp: Op<MaxPoolAttributes> = {
  name: 'maxPool',
  lower: (node) => [call(maxPoolKernel, node.attributes.knobs, { x: node.inputs[0]!, y: node })],
};

/**
 * The maximum over each window, as torch.nn.functional.max_pool2d: x (N, H, W, C) -> (N, OH, OW, C), sizes in pixels,
 * for height and width alike or as [height, width]. Padding counts as -inf. Refuses padding of more than half the kernel
 * (a window could hold nothing but padding) and kernels larger than the padded input.
 */
export function maxPool(name: string, x: Node, { kernel, stride = kernel, padding = 0 }: MaxPoolOptions): Node {
  const { n, h, w, c } = nhwc(x, name);
  const [kh, kw] = pair(kernel, name, 'kernel', 1);
  const [strideH, strideW] = pair(stride, name, 'stride', 1);
  const [padH, padW] = pair(padding, name, 'padding', 0);
  if (2 * padH > kh || 2 * padW > kw) {
    throw mismatch('input', name, 'padding', [padH, padW], `at most half the kernel (${kh}, ${kw})`);
  }
  const oh = outputSize(h, kh, strideH, padH);
  const ow = outputSize(w, kw, strideW, padW);
  if (oh < 1 || ow < 1) {
    throw mismatch('input', name, 'size of x', [h, w], `at least the kernel (${kh}, ${kw})`, 'use a larger image');
  }
  const knobs: MaxPoolKnobs = {
    N: n,
    H: h,
    W: w,
    C: c,
    OH: oh,
    OW: ow,
    KH: kh,
    KW: kw,
    STRIDE_H: strideH,
    STRIDE_W: strideW,
    PAD_H: padH,
    PAD_W: padW,
    WORKGROUP: 64,
  };
  return { op: maxPoolOp, inputs: [x], attributes: { knobs }, shape: [n, oh, ow, c], dtype: 'f32', name };
}

function pair(value: Pair, where: string, what: string, least: number): readonly [number, number] {
  const both = typeof value === 'number' ? ([value, value] as const) : value;
  if (both.every((size) => Number.isInteger(size) && size >= least)) return both;
  throw mismatch('input', where, what, [...both], `whole numbers of at least ${least}`);
}
