// conv2dInputGradient: the node of the gradient of a convolution's input, and the ways to compute it.

import type { Conv2dGeometry, Conv2dKnobs } from '../../kernels/conv2d.ts';
import { conv2dInputGradient as plain } from '../../kernels/conv2dInputGradient.ts';
import { conv2dInputGradientQuad, gradientPositions, quadLow } from '../../kernels/conv2dInputGradientQuad.ts';
import { conv2dInputGradientTiled } from '../../kernels/conv2dInputGradientTiled.ts';
import { flipFilters } from '../../kernels/flipFilters.ts';
import { call, type Node, type Op, type Temporary } from '../node.ts';
import { ones, zeros } from './conv2d.ts';
import { conv2dCalls, conv2dForms } from './conv2dForms.ts';
import type { ConvolutionGradientAttributes } from './conv2dWeightGradient.ts';

const WORKGROUP = 64;

/**
 * With stride 1 dx is itself a convolution, of dy with the filters turned round (`flipFilters`), and has its forms. On
 * software adapters with subgroups `direct` reads the filters as they are.
 */
const conv2dInputGradientOp: Op<ConvolutionGradientAttributes> = {
  name: 'conv2dInputGradient',
  forms(node, target) {
    const { geometry } = node.attributes;
    const flipped = flip(geometry);
    const { key, names } = conv2dForms(flipped ?? { ...geometry, ...BARE }, target, node.inputs[1]);
    return { key: `${key} dx`, names: flipped ? names : ['direct'] };
  },
  lower(node, target, form = 'direct') {
    const [dy, w, scale, shift, residual] = node.inputs as [Node, Node, Node, Node, Node | undefined];
    const { geometry } = node.attributes;
    const { C, K, KH, KW } = geometry;
    const software = target.family === 'software';
    const RESIDUAL = residual ? 1 : 0;
    const added = residual && { residual };
    const knobs = { ...geometry, RESIDUAL };
    const buffers = { dy, w, ...added, dx: node };
    const flipped = flip(geometry);
    if (C % 4 || K % 4 || (software && !target.subgroups && !flipped)) {
      return [call(plain, { ...knobs, WORKGROUP }, buffers)];
    }
    if (software && target.subgroups && form === 'direct') {
      const PLAIN = isPlain(geometry) ? 1 : 0;
      const LOW = quadLow(gradientPositions(geometry), C);
      return [call(conv2dInputGradientQuad, { ...knobs, PLAIN, LOW, WORKGROUP }, buffers)];
    }
    if (!flipped) return [call(conv2dInputGradientTiled, knobs, buffers)];
    const turned: Temporary = { temporary: `${node.name} filters`, elements: KH * KW * C * K };
    const convolution = { x: dy, w: turned, scale, shift, ...added, y: node };
    return [
      call(flipFilters, { TAPS: KH * KW, C, K, WORKGROUP }, { w, y: turned }),
      ...conv2dCalls(node.name, { ...flipped, RESIDUAL }, convolution, target, form),
    ];
  },
};

/**
 * dx of a convolution: dy (N, OH, OW, K), w (KH, KW, C, K) -> (N, H, W, C). `residual`: another gradient of x, which is
 * added.
 */
export function conv2dInputGradient(
  name: string,
  dy: Node,
  w: Node,
  geometry: Conv2dGeometry,
  residual?: Node,
): Node<ConvolutionGradientAttributes> {
  const { N, H, W, C } = geometry;
  return {
    op: conv2dInputGradientOp,
    inputs: [dy, w, ones(C), zeros(C), ...(residual ? [residual] : [])],
    attributes: { geometry },
    shape: [N, H, W, C],
    dtype: 'f32',
    name,
  };
}

const BARE = { RESIDUAL: 0, ACTIVATION: 0, WORKGROUP };

/** The convolution that gives dx; none with a stride, or where padding is wider than the window. */
function flip(k: Conv2dGeometry): Conv2dKnobs | undefined {
  const [PAD_H, PAD_W] = [k.DILATION_H * (k.KH - 1) - k.PAD_H, k.DILATION_W * (k.KW - 1) - k.PAD_W];
  if (k.STRIDE_H * k.STRIDE_W > 1 || PAD_H < 0 || PAD_W < 0) return undefined;
  return { ...k, H: k.OH, W: k.OW, C: k.K, K: k.C, OH: k.H, OW: k.W, PAD_H, PAD_W, ...BARE };
}

/** Position m of x is read by position m of dy alone. */
const isPlain = (k: Conv2dGeometry): boolean => k.KH * k.KW * k.STRIDE_H * k.STRIDE_W === 1 && k.PAD_H + k.PAD_W === 0;
