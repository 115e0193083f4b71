// channelAttention and channelGroupAttention: softmax attention between the channels of a group, as two nodes: the
// weights S, which people look at, and S applied.

import { mismatch } from '../../errors.ts';
import { normaliseGram } from '../../kernels/normaliseGram.ts';
import { type Call, call, elementCount, type Node, nhwc, type Op, type Temporary } from '../node.ts';
import { matmulCall } from './matmul.ts';
import { softmaxCall } from './softmax.ts';

export interface ChannelAttentionOptions {
  readonly groups: number;
  /** What E is divided by: the root of the number of positions (default) or the number itself. */
  readonly scale?: 'sqrtN' | 'n';
  readonly sign?: 1 | -1;
  /** Each channel is divided by its L2 norm over positions and E by `tau` in place of `scale`. */
  readonly normalise?: boolean;
  readonly tau?: number;
}

export interface ChannelAttentionAttributes extends Required<ChannelAttentionOptions> {}

export const channelAttentionOp: Op<ChannelAttentionAttributes> = {
  name: 'channelAttention',
  lower(node, target) {
    const x = node.inputs[0]!;
    const { groups, scale, sign, normalise, tau } = node.attributes;
    const { n, h, w, c: channels } = nhwc(x, node.name);
    const positions = h * w;
    const c = channels / groups;
    const e: Temporary = { temporary: `${node.name} E`, elements: elementCount(node.shape) };
    const divisor = scale === 'n' ? positions : Math.sqrt(positions);
    const gram = matmulCall(
      {
        ...{ BATCH: n, GROUPS: groups, M: c, N: c, K: positions, TRANSPOSE_A: 1 },
        ...{ A_ROW: channels, A_GROUP: c, A_BATCH: positions * channels },
        ...{ B_ROW: channels, B_GROUP: c, B_BATCH: positions * channels },
        ...{ Y_ROW: c, Y_GROUP: c * c, Y_BATCH: groups * c * c },
        ALPHA: normalise ? 1 : sign / divisor,
      },
      { a: x, b: x, y: e },
      target,
    );
    if (!normalise) return [gram, softmaxCall([n * groups * c, c, 1], { x: e, y: node }, target)];
    const unit: Temporary = { temporary: `${node.name} unit E`, elements: e.elements };
    const knobs = { MATRICES: n * groups, C: c, SCALE: sign / tau, WORKGROUP: 64 };
    return [
      gram,
      call(normaliseGram, knobs, { x: e, y: unit }),
      softmaxCall([n * groups * c, c, 1], { x: unit, y: node }, target),
    ];
  },
};

/**
 * S = softmax over the last index of E, E = sign X_g X_g^T / sqrt(H W) for every group g of channels in order (X_g:
 * channels x positions). x (N, H, W, C) -> (N, groups, c, c), c = C / groups. Refuses groups that do not divide C into
 * multiples of 4 channels.
 */
export function channelAttention(name: string, x: Node, options: ChannelAttentionOptions): Node {
  const { groups, scale = 'sqrtN', sign = 1, normalise = false, tau = 0.1 } = options;
  const { n, c: channels } = nhwc(x, name);
  const c = channels / groups;
  if (!(Number.isInteger(groups) && groups > 0 && c % 4 === 0)) {
    const expected = `a number that divides ${channels} channels into groups of a multiple of 4`;
    throw mismatch('input', name, 'groups', groups, expected);
  }
  if (!(tau > 0 && Number.isFinite(tau))) throw mismatch('input', name, 'tau', tau, 'a number above 0');
  const attributes = { groups, scale, sign, normalise, tau };
  return { op: channelAttentionOp, inputs: [x], attributes, shape: [n, groups, c, c], dtype: 'f32', name };
}

export const channelGroupAttentionOp: Op<object> = {
  name: 'channelGroupAttention',
  lower(node, target): readonly Call[] {
    const [x, beta, weights] = node.inputs as [Node, Node, Node];
    const { n, h, w, c: channels } = nhwc(x, node.name);
    const [groups, c] = [weights.shape[1]!, weights.shape[2]!];
    const rows = { A_ROW: channels, A_GROUP: c, A_BATCH: h * w * channels };
    const knobs = {
      ...{ BATCH: n, GROUPS: groups, M: h * w, N: c, K: c, RESIDUAL: 1 },
      ...rows,
      ...{ TRANSPOSE_B: 1, B_ROW: c, B_GROUP: c * c, B_BATCH: groups * c * c },
      ...{ Y_ROW: rows.A_ROW, Y_GROUP: rows.A_GROUP, Y_BATCH: rows.A_BATCH },
    };
    return [matmulCall(knobs, { a: x, b: weights, residual: x, gamma: beta, y: node }, target)];
  },
};

/**
 * x + beta S X_g for every group g: x (N, H, W, C), beta (1), weights S (N, groups, c, c) from `channelAttention` of x ->
 * (N, H, W, C).
 */
export function channelGroupAttention(name: string, x: Node, beta: Node, weights: Node): Node {
  const { n, c: channels } = nhwc(x, name);
  const [images, groups, c] = weights.shape;
  if (images !== n || groups! * c! !== channels || weights.shape.join() !== [n, groups, c, c].join()) {
    throw mismatch(
      'input',
      name,
      'shape of the weights',
      [...weights.shape],
      `(${n}, G, ${channels} / G, ${channels} / G)`,
    );
  }
  checkScalar(name, 'beta', beta, 0);
  return {
    op: channelGroupAttentionOp,
    inputs: [x, beta, weights],
    attributes: {},
    shape: x.shape,
    dtype: 'f32',
    name,
  };
}

/** Refuses a `scalars` node that is no vector with an element `index`. */
export function checkScalar(name: string, what: string, scalars: Node, index: number): void {
  if (scalars.shape.length === 1 && Number.isInteger(index) && index >= 0 && index < scalars.shape[0]!) return;
  throw mismatch('input', name, `shape of ${what}`, [...scalars.shape], `one size above ${index}`);
}
