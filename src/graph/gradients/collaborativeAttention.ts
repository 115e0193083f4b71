// The gradients of collaborative attention in its materialised form: weights W_j = softmax(A_j) as nodes, and
// y = x + gamma[i] sum over the senders of W_j X_j (or W X alone). Maps are positions x channels here, as they lie.

import { PlumageError } from '../../errors.ts';
import type { Node } from '../node.ts';
import type { AttentionOptions, CollaborativeAttributes } from '../ops/collaborativeAttention.ts';
import { dot } from '../ops/dot.ts';
import { lying, product } from '../ops/product.ts';
import { scale } from '../ops/scale.ts';
import { softmaxGradient } from '../ops/softmaxGradient.ts';
import type { Gradient } from './gradient.ts';

const positionsOf = (map: Node): number => map.shape[1]! * map.shape[2]!;

/** How a map (N, H, W, C) or weights (N, P, row) lie as matrices. */
const matrices = ({ shape }: Node) => {
  const row = shape[shape.length - 1]!;
  return { row, batch: shape.slice(1).reduce((a, b) => a * b) };
};

/** A = sign query key^T / sqrt(r), W = softmax(A) over the key's positions. */
export const attentionWeightsGradients: Gradient<Required<AttentionOptions>> = (node, dy, needs, y) => {
  const [query, key] = node.inputs as [Node, Node];
  const [BATCH, M] = node.shape as [number, number, number];
  const [S, r] = [positionsOf(key), key.shape[3]!];
  // dA = W o (dW - rowsum(W o dW)); the padded columns of W are 0, and so are those of dA.
  const dA = softmaxGradient(`${node.name}/dScores`, dy, y, { axis: 2, log: false });
  // dquery = sign / sqrt(r) dA key   dkey = sign / sqrt(r) dA^T query
  const both = { BATCH, N: r, ALPHA: node.attributes.sign / Math.sqrt(r) };
  const forQuery = { ...both, M, K: S, ...lying(matrices(dA), matrices(key), matrices(query)) };
  const forKey = { ...both, M: S, K: M, TRANSPOSE_A: 1, ...lying(matrices(dA), matrices(query), matrices(key)) };
  return [
    needs[0] ? product(`${node.name}/dquery`, query.shape, forQuery, { a: dA, b: key }) : undefined,
    needs[1] ? product(`${node.name}/dkey`, key.shape, forKey, { a: dA, b: query }) : undefined,
  ];
};

export const collaborativeAttentionGradients: Gradient<CollaborativeAttributes> = (node, dy, needs) => {
  const { index, streamed } = node.attributes;
  const { name, inputs } = node;
  if (streamed) throw new PlumageError('internal', `${name}: streamed attention has no gradient, use weights`);
  const first = index === undefined ? 0 : 2;
  const gamma = index === undefined ? undefined : inputs[1]!;
  const scaled = gamma && { SCALED: 1, GAMMA: index! };
  const senders = Array.from({ length: (inputs.length - first) / 2 }, (_, j) => {
    const at = first + 2 * j;
    const [x, weights] = [inputs[at]!, inputs[at + 1]!];
    const [BATCH, P] = weights.shape as [number, number, number];
    const [S, d] = [positionsOf(x), x.shape[3]!];
    // dX_j = gamma[i] W_j^T dy
    const lieX = lying(matrices(weights), matrices(dy), matrices(x));
    const forX = { BATCH, M: S, N: d, K: P, TRANSPOSE_A: 1, ...lieX, ...scaled };
    const values = { b: dy, a: weights, ...(gamma && { gamma }) };
    const dx = needs[at] ? product(`${name}/dx${j}`, x.shape, forX, values) : undefined;
    // D_j = dy X_j^T
    const lieD = lying(matrices(dy), matrices(x), matrices(weights));
    const forD = { BATCH, M: P, N: S, K: d, TRANSPOSE_B: 1, ...lieD };
    const D = product(`${name}/D${j}`, weights.shape, forD, { a: dy, b: x });
    return { weights, dx, D, needed: needs[at + 1] };
  });
  if (!gamma) return senders.flatMap(({ dx, D, needed }) => [dx, needed ? D : undefined]);
  // dgamma[i] = sum over the senders of <W_j, D_j>, also where gamma is 0
  const pairs = senders.map(({ D, weights }) => [D, weights] as const);
  const dGamma = needs[1] ? dot(`${name}/dgamma`, pairs, gamma.shape[0]!, index!) : undefined;
  // dW_j = gamma[i] D_j
  const gradients = senders.flatMap(({ dx, D, needed }, j) => [
    dx,
    needed ? scale(`${name}/dweights${j}`, D, gamma, index!, dGamma ? [dGamma] : []) : undefined,
  ]);
  return [dy, dGamma, ...gradients];
};
