// attentionWeights, crossAttention, collaborativeAttention: what a receiver takes from the positions of senders. Seen
// from the receiver both directions of a pair are the same: a softmax over the sender's positions.

import { mismatch } from '../../errors.ts';
import { type AttendShape, attend, residuals } from '../../kernels/attend.ts';
import { attendQuad } from '../../kernels/attendQuad.ts';
import { ceilDiv } from '../../kernels/kernel.ts';
import { type Call, call, elementCount, type Node, nhwc, type Op, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';
import { checkScalar } from './channelGroupAttention.ts';
import { type MatmulChoice, matmulCall } from './matmul.ts';
import { softmaxCall } from './softmax.ts';

export interface AttentionOptions {
  /** -1 turns the attention to what is unlike. */
  readonly sign?: 1 | -1;
}

/** A sender by its map x (N, Hj, Wj, d), the receiver's query (N, Hi, Wi, r) and its key (N, Hj, Wj, r). */
export interface StreamedSender {
  readonly x: Node;
  readonly query: Node;
  readonly key: Node;
}

/** A sender by its map x (N, Hj, Wj, d) and its `attentionWeights`. */
export interface WeighedSender {
  readonly x: Node;
  readonly weights: Node;
}

/** Streamed: attention weights are never stored. Weighed: they are nodes, which training and attention maps need. */
export type Senders = readonly StreamedSender[] | readonly WeighedSender[];

const positionsOf = (node: Node): number => node.shape[1]! * node.shape[2]!;

export const attentionWeightsOp: Op<Required<AttentionOptions>> = {
  name: 'attentionWeights',
  lower(node, target) {
    const [query, key] = node.inputs as [Node, Node];
    const [n, M, row] = node.shape as [number, number, number];
    const [N, K] = [positionsOf(key), key.shape[3]!];
    const scores: Temporary = { temporary: `${node.name} scores`, elements: elementCount(node.shape) };
    const knobs = {
      ...{ BATCH: n, M, N, K, TRANSPOSE_B: 1, ALPHA: node.attributes.sign / Math.sqrt(K), LOWEST: 1 },
      ...{ A_ROW: K, A_BATCH: M * K, B_ROW: K, B_BATCH: N * K, Y_ROW: row, Y_BATCH: M * row },
    };
    return [
      matmulCall(knobs, { a: query, b: key, y: scores }, target),
      softmaxCall([n * M, row, 1], { x: scores, y: node }, target),
    ];
  },
};

/**
 * softmax over the sender's positions of sign query key^T / sqrt(r): query (N, Hi, Wi, r) of the receiver, key
 * (N, Hj, Wj, r) of the sender -> (N, Hi Wi, Hj Wj rounded up to a multiple of 4), the columns past Hj Wj zero. For a
 * pair (a, b) the weights of receiver b are P transposed, those of receiver a are R.
 */
export function attentionWeights(name: string, query: Node, key: Node, { sign = 1 }: AttentionOptions = {}): Node {
  checkKey(name, query, key);
  const shape = [query.shape[0]!, positionsOf(query), 4 * ceilDiv(positionsOf(key), 4)];
  return { op: attentionWeightsOp, inputs: [query, key], attributes: { sign }, shape, dtype: 'f32', name };
}

export interface CollaborativeAttributes {
  /** `gamma[index]` is the receiver's; absent: the values alone, without x. */
  readonly index: number | undefined;
  readonly streamed: boolean;
  readonly sign: 1 | -1;
}

/** Inputs: x and gamma where `index` is given, then each sender's x, query, key or x, weights. */
export const receiveOp: Op<CollaborativeAttributes> = {
  name: 'collaborativeAttention',
  lower(node, target) {
    const { index, streamed, sign } = node.attributes;
    const [x, gamma] = index === undefined ? [] : node.inputs;
    const nodes = node.inputs.slice(index === undefined ? 0 : 2);
    const size = streamed ? 3 : 2;
    const calls: Call[] = [];
    let residual: Node | Temporary | undefined = x;
    for (let i = 0; i < nodes.length; i += size) {
      const [sender, weightsOrQuery, key] = nodes.slice(i, i + size) as [Node, Node, Node];
      if (streamed) {
        const RESIDUAL = x ? (i === 0 ? residuals.x : residuals.y) : residuals.none;
        const shape = attendShape(weightsOrQuery, key, sender, sign);
        const buffers = { query: weightsOrQuery, key, value: sender, ...(x && { x, gamma: gamma! }), y: node };
        calls.push(attendCall({ ...shape, RESIDUAL, GAMMA: index ?? 0 }, buffers, target));
      } else {
        const sum: Temporary = { temporary: `${node.name} sum`, elements: elementCount(node.shape) };
        const y = i + size < nodes.length ? sum : node;
        const knobs = { ...applyKnobs(sender, weightsOrQuery), RESIDUAL: residual ? 1 : 0, GAMMA: index ?? 0 };
        const buffers = { a: weightsOrQuery, b: sender, ...(residual && { residual, gamma: gamma! }), y };
        calls.push(matmulCall(knobs, buffers, target));
        residual = y;
      }
    }
    return calls;
  },
};

function attendShape(query: Node, key: Node, sender: Node, sign: 1 | -1): Omit<AttendShape, 'RESIDUAL' | 'GAMMA'> {
  const { n, c: R } = nhwc(key, 'key');
  const SCALE = sign / Math.sqrt(R);
  return { N: n, P: positionsOf(query), S: positionsOf(key), R, D: sender.shape[3]!, SCALE };
}

function attendCall(shape: AttendShape, buffers: Call['buffers'], { family, subgroups }: Target): Call {
  if (family === 'software' && subgroups) {
    const TILE = 16 * ceilDiv(shape.S / ceilDiv(shape.S, 256), 16); // few tiles, all of one size
    return call(attendQuad, { ...shape, TILE }, buffers);
  }
  const WORKGROUP = Math.min(128, 16 * ceilDiv(shape.D, 64));
  return call(attend, { ...shape, WORKGROUP }, buffers);
}

function applyKnobs(sender: Node, weights: Node): MatmulChoice {
  const [BATCH, M, row] = weights.shape as [number, number, number];
  const [K, N] = [positionsOf(sender), sender.shape[3]!];
  const strides = { A_ROW: row, A_BATCH: M * row, B_ROW: N, B_BATCH: K * N, Y_ROW: N, Y_BATCH: M * N };
  return { BATCH, M, N, K, ...strides };
}

export interface CollaborativeAttention extends AttentionOptions {
  /** The receiver's map (N, H, W, d). */
  readonly x: Node;
  readonly senders: Senders;
  /** (branches): `gamma[index]` is the receiver's. */
  readonly gamma: Node;
  readonly index: number;
}

/**
 * x + gamma[index] (sum over the senders of their attention weights times their x) -> (N, H, W, d). `sign` is for
 * streamed senders; weights have theirs already.
 */
export function collaborativeAttention(name: string, attention: CollaborativeAttention): Node {
  const { x, senders, gamma, index, sign = 1 } = attention;
  checkScalar(name, 'gamma', gamma, index);
  if (senders.length === 0) throw mismatch('input', name, 'senders', 0, 'at least 1');
  const streamed = isStreamed(senders[0]!);
  const nodes = [...senders].flatMap((sender) => senderNodes(name, x, sender));
  const attributes = { index, streamed, sign };
  return { op: receiveOp, inputs: [x, gamma, ...nodes], attributes, shape: x.shape, dtype: 'f32', name };
}

/** The sender's values by the receiver's attention alone: shape of the receiver's map `x`. */
export function crossAttention(
  name: string,
  x: Node,
  sender: StreamedSender | WeighedSender,
  { sign = 1 }: AttentionOptions = {},
): Node {
  const attributes = { index: undefined, streamed: isStreamed(sender), sign };
  const inputs = senderNodes(name, x, sender);
  return { op: receiveOp, inputs, attributes, shape: x.shape, dtype: 'f32', name };
}

const isStreamed = (sender: StreamedSender | WeighedSender): sender is StreamedSender => 'query' in sender;

/** The sender's nodes in the order of the op's inputs, checked against the receiver's map. */
function senderNodes(name: string, x: Node, sender: StreamedSender | WeighedSender): Node[] {
  const { n, h, w, c } = nhwc(x, name);
  const from = nhwc(sender.x, `${name}: sender`);
  if (from.n !== n || from.c !== c || c % 4) {
    const expected = `(${n}, H, W, ${c}), channels a multiple of 4`;
    throw mismatch('input', name, `shape of ${sender.x.name}`, [...sender.x.shape], expected);
  }
  if (isStreamed(sender)) {
    checkKey(name, sender.query, sender.key);
    checkShape(name, sender.query, [n, h, w, sender.query.shape[3]!]);
    checkShape(name, sender.key, [n, from.h, from.w, sender.key.shape[3]!]);
    return [sender.x, sender.query, sender.key];
  }
  checkShape(name, sender.weights, [n, h * w, 4 * ceilDiv(from.h * from.w, 4)]);
  return [sender.x, sender.weights];
}

function checkKey(name: string, query: Node, key: Node): void {
  const { n, c } = nhwc(query, `${name}: query`);
  const of = nhwc(key, `${name}: key`);
  if (of.n !== n || of.c !== c || c % 4) {
    const expected = `(${n}, H, W, ${c}), channels a multiple of 4`;
    throw mismatch('input', name, `shape of the key ${key.name}`, [...key.shape], expected);
  }
}

function checkShape(name: string, node: Node, shape: readonly number[]): void {
  if (node.shape.join() === shape.join()) return;
  throw mismatch('input', name, `shape of ${node.name}`, [...node.shape], [...shape]);
}
