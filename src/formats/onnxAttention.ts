// How the attention ops and the top-5 pool are said in ONNX: their formulas as they stand, with MatMul and Softmax. Inside,
// maps are (N, C, P): P positions in a row, a reshape of (N, C, H, W).

import type { Node } from '../graph/node.ts';
import type { ChannelAttentionAttributes } from '../graph/ops/channelGroupAttention.ts';
import type { CollaborativeAttributes } from '../graph/ops/collaborativeAttention.ts';
import { channelsFirst, int, ints, type OnnxGraph, type OnnxRule, same } from './onnxGraph.ts';

const positionsOf = (node: Node): number => node.shape[1]! * node.shape[2]!;
const channelsOf = (node: Node): number => node.shape[3]!;

/** (N, H, W, C) as (N, C, P). */
const flat = (graph: OnnxGraph, node: Node): string =>
  graph.reshape(graph.channelsFirst(node), [0, channelsOf(node), -1]);

/** (N, H, W, C) as (N, G, C / G, P). */
const grouped = (graph: OnnxGraph, node: Node, groups: number): string =>
  graph.reshape(graph.channelsFirst(node), [0, groups, channelsOf(node) / groups, -1]);

/** (N, C, ...) as (N, C, H, W) of `like`. */
const unflat = (graph: OnnxGraph, tensor: string, like: Node): string =>
  graph.reshape(tensor, [0, channelsOf(like), like.shape[1]!, like.shape[2]!]);

const softmax = (graph: OnnxGraph, tensor: string): string => graph.emit('Softmax', [tensor], { axis: int(-1) });

/** S = softmax(sign X X^T / sqrt(P)) for every group; with `normalise` X's rows have norm 1 and tau divides. */
const channelAttention: OnnxRule = (graph, node) => {
  const x = node.inputs[0]!;
  const { groups, scale, sign, normalise, tau } = node.attributes as ChannelAttentionAttributes;
  let rows = grouped(graph, x, groups);
  if (normalise) {
    const norms = graph.emit('ReduceL2', [rows], { axes: ints([3]), keepdims: int(1) });
    rows = graph.emit('Div', [rows, graph.emit('Max', [norms, graph.scalar('least', 1e-12)])]);
  }
  const positions = positionsOf(x);
  const divisor = normalise ? tau : scale === 'n' ? positions : Math.sqrt(positions);
  const energy = graph.emit('MatMul', [rows, graph.transpose(rows, 4)]);
  return same(softmax(graph, graph.scale(energy, sign / divisor)));
};

/** x + beta S X for every group. */
const channelGroupAttention: OnnxRule = (graph, node) => {
  const [x, beta, weights] = node.inputs as [Node, Node, Node];
  const attended = graph.emit('MatMul', [graph.same(weights), grouped(graph, x, weights.shape[1]!)]);
  const scaled = graph.emit('Mul', [attended, graph.floats('beta', [], graph.constant(beta))]);
  return channelsFirst(graph.emit('Add', [graph.channelsFirst(x), unflat(graph, scaled, x)]));
};

/** softmax(sign Q^T K / sqrt(r)) over the sender's positions: (N, receiver's P, sender's P). */
function weightsOf(graph: OnnxGraph, query: Node, key: Node, sign: number): string {
  const scores = graph.emit('MatMul', [graph.transpose(flat(graph, query), 3), flat(graph, key)]);
  return softmax(graph, graph.scale(scores, sign / Math.sqrt(channelsOf(query))));
}

/** NOTE: without the columns of zeros that our kernels pad rows with; the rules here are all that reads it. */
const attentionWeights: OnnxRule = (graph, node) => {
  const [query, key] = node.inputs as [Node, Node];
  return same(weightsOf(graph, query, key, (node.attributes as { sign: number }).sign));
};

/** X_i + gamma (sum of X_j W^T), or X_j W^T alone: streamed or not, ONNX has the weights W as a tensor. */
const collaborativeAttention: OnnxRule = (graph, node) => {
  const { index, streamed, sign } = node.attributes as CollaborativeAttributes;
  const nodes = node.inputs.slice(index === undefined ? 0 : 2);
  const size = streamed ? 3 : 2;
  const received: string[] = [];
  for (let i = 0; i < nodes.length; i += size) {
    const [sender, query, key] = nodes.slice(i, i + size) as [Node, Node, Node];
    const weights = streamed ? weightsOf(graph, query, key, sign) : graph.same(query);
    received.push(graph.emit('MatMul', [flat(graph, sender), graph.transpose(weights, 3)])); // (N, d, receiver's P)
  }
  const sum = unflat(graph, received.length > 1 ? graph.emit('Sum', received) : received[0]!, node);
  if (index === undefined) return channelsFirst(sum);
  const [x, gamma] = node.inputs as [Node, Node];
  const scaled = graph.scale(sum, graph.constant(gamma)[index]!);
  return channelsFirst(graph.emit('Add', [graph.channelsFirst(x), scaled]));
};

/** The mean of 2 x (N, receiver's P, P) over the receivers' positions and over both: (N, H, W). */
const attentionMap: OnnxRule = (graph, node) => {
  const [first, second] = node.inputs.map((weights) =>
    graph.emit('ReduceMean', [graph.same(weights)], { axes: ints([1]), keepdims: int(0) }),
  ) as [string, string];
  const mean = graph.scale(graph.emit('Add', [first, second]), 1 / 2);
  return same(graph.reshape(mean, [0, node.shape[1]!, node.shape[2]!]));
};

/** The mean of the 5 largest, or of all where there are fewer. */
const topPool: OnnxRule = (graph, node) => {
  const x = node.inputs[0]!;
  const count = graph.integers('count', [Math.min(5, positionsOf(x))]);
  const largest = graph.emit('TopK', [flat(graph, x), count], { axis: int(2) });
  return same(graph.emit('ReduceMean', [largest], { axes: ints([2]), keepdims: int(0) }));
};

export const attentionRules: Readonly<Record<string, OnnxRule>> = {
  channelAttention,
  channelGroupAttention,
  attentionWeights,
  collaborativeAttention,
  attentionMap,
  topPool,
};
