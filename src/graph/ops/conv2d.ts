// conv2d: the node, and the choice of kernel family for it.

import { mismatch } from '../../errors.ts';
import { type Conv2dKnobs, conv2dFlops, conv2d as conv2dKernel, outputSize } from '../../kernels/conv2d.ts';
import { conv2dQuad } from '../../kernels/conv2dQuad.ts';
import { conv2dScalar } from '../../kernels/conv2dScalar.ts';
import { conv2dTiled } from '../../kernels/conv2dTiled.ts';
import { type Activation, activations, ceilDiv } from '../../kernels/kernel.ts';
import { padRows } from '../../kernels/padRows.ts';
import { type Call, call, type Node, nhwc, type Op, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';

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

const conv2dOp: Op<Conv2dAttributes> = {
  name: 'conv2d',
  lower(node, target) {
    const [x, w, scale, shift, residual] = node.inputs as [Node, Node, Node, Node, Node | undefined];
    const { knobs } = node.attributes;
    const buffers = { scale, shift, ...(residual && { residual }), y: node };
    if (knobs.K % 4) return [call(conv2dScalar, knobs, { ...buffers, x, w })];
    const C = 4 * ceilDiv(knobs.C, 4);
    if (C === knobs.C) return [quadChannels(knobs, { ...buffers, x, w }, target)];
    // Rows of x are pixels, rows of w are the window's taps.
    const pixels = { ROWS: knobs.N * knobs.H * knobs.W, FROM: knobs.C, TO: C, WORKGROUP: 64 };
    const taps = { ROWS: knobs.KH * knobs.KW, FROM: knobs.C * knobs.K, TO: C * knobs.K, WORKGROUP: 64 };
    const paddedX: Temporary = { temporary: `${node.name} x`, elements: pixels.ROWS * pixels.TO };
    const paddedW: Temporary = { temporary: `${node.name} w`, elements: taps.ROWS * taps.TO };
    return [
      call(padRows, pixels, { x, y: paddedX }),
      call(padRows, taps, { x: w, y: paddedW }),
      { ...quadChannels({ ...knobs, C }, { ...buffers, x: paddedX, w: paddedW }, target), flops: conv2dFlops(knobs) },
    ];
  },
};

/** The kernel of the target's family for channel counts that are multiples of 4. */
function quadChannels(knobs: Conv2dKnobs, buffers: Call['buffers'], target: Target): Call {
  const { WORKGROUP: _, ...geometry } = knobs;
  if (target.family !== 'software') return call(conv2dTiled, geometry, buffers);
  return call(target.subgroups ? conv2dQuad : conv2dKernel, knobs, buffers);
}

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
