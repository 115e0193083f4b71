// The gradients of channel-group attention: S = softmax(E) over rows, E = s X_g X_g^T / sqrt(N), and out_g = X_g + beta S X_g.
// In formulas X_g is channels x positions; maps lie the other way round, so products here are those transposed.

import { type Node, nhwc } from '../node.ts';
import type { ChannelAttentionAttributes } from '../ops/channelGroupAttention.ts';
import { dot } from '../ops/dot.ts';
import { addTransposed, normaliseGramGradient } from '../ops/normaliseGramGradient.ts';
import { lying, product } from '../ops/product.ts';
import { scale } from '../ops/scale.ts';
import { softmaxGradient } from '../ops/softmaxGradient.ts';
import type { Gradient } from './gradient.ts';

/** Sizes of the products between a map (N, H, W, C) and matrices (N, groups, c, c), and how both lie. */
function sizesOf(x: Node, weights: Node) {
  const { n, h, w, c: channels } = nhwc(x, x.name);
  const [, groups, c] = weights.shape as [number, number, number];
  const map = { row: channels, group: c, batch: h * w * channels };
  const square = { row: c, group: c * c, batch: groups * c * c };
  return {
    /** Of a map's channels with those of another: c x c. */
    gram: { BATCH: n, GROUPS: groups, M: c, N: c, K: h * w, TRANSPOSE_A: 1, ...lying(map, map, square) },
    /** A matrix applied to a map's channels: a map. */
    applied: { BATCH: n, GROUPS: groups, M: h * w, N: c, K: c, ...lying(map, square, map) },
    positions: h * w,
  };
}

export const channelGroupAttentionGradients: Gradient<object> = ({ name, inputs }, dy, needs) => {
  const [x, beta, weights] = inputs as [Node, Node, Node];
  const { gram, applied } = sizesOf(x, weights);
  // dX = dY + beta S^T dY   dS = beta T, T = dY X^T   dbeta = <S, T>, also where beta is 0
  const T = product(`${name}/T`, weights.shape, gram, { a: dy, b: x });
  const values = { a: dy, b: weights, residual: dy, gamma: beta };
  return [
    needs[0] ? product(`${name}/dx`, x.shape, { ...applied, RESIDUAL: 1 }, values) : undefined,
    needs[1] ? dot(`${name}/dbeta`, [[T, weights]], beta.shape[0]!) : undefined,
    needs[2] ? scale(`${name}/dweights`, T, beta, 0) : undefined,
  ];
};

export const channelAttentionGradients: Gradient<ChannelAttentionAttributes> = (node, dy, _needs, y) => {
  const { name, attributes } = node;
  const x = node.inputs[0]!;
  const { scale: divideBy, sign, normalise, tau } = attributes;
  const { gram, applied, positions } = sizesOf(x, node);
  // dE = S o (dS - rowsum(S o dS))
  let dE = softmaxGradient(`${name}/dE`, dy, y, { axis: 3, log: false });
  if (normalise) {
    const products = product(`${name}/gram`, node.shape, gram, { a: x, b: x });
    dE = normaliseGramGradient(`${name}/dGram`, dE, products, sign / tau);
  }
  // dX = s / sqrt(N) (dE + dE^T) X; the factor is in dE already where channels were normalised
  const ALPHA = normalise ? 1 : sign / (divideBy === 'n' ? positions : Math.sqrt(positions));
  const both = addTransposed(`${name}/dE+dE^T`, dE);
  return [product(`${name}/dx`, x.shape, { ...applied, ALPHA }, { b: both, a: x })];
};
