// How each op is said in ONNX: one rule for each op that a network of ours is made of, found by the op's name. The rules
// stand here and not in src/graph/ops because a page, which exports nothing, would then load them, and because the graph
// knows of no file format; an op without a rule works everywhere but in the export, which refuses it in one line.

import { mismatch } from '../errors.ts';
import type { Node } from '../graph/node.ts';
import type { ActivationAttributes } from '../graph/ops/activation.ts';
import type { AddAttributes } from '../graph/ops/add.ts';
import type { BatchNormAttributes } from '../graph/ops/batchNorm.ts';
import type { Conv2dAttributes } from '../graph/ops/conv2d.ts';
import type { GlobalPoolAttributes } from '../graph/ops/globalPool.ts';
import type { LinearAttributes } from '../graph/ops/linear.ts';
import type { MaxPoolAttributes } from '../graph/ops/maxPool.ts';
import type { SoftmaxAttributes } from '../graph/ops/softmax.ts';
import { activations } from '../kernels/kernel.ts';
import { attentionRules } from './onnxAttention.ts';
import { channelsFirst, float, int, ints, type OnnxGraph, type OnnxRule, same } from './onnxGraph.ts';

function activate(graph: OnnxGraph, tensor: string, activation: number): string {
  if (activation === activations.relu) return graph.emit('Relu', [tensor]);
  if (activation === activations.elu) return graph.emit('Elu', [tensor], { alpha: float(1) });
  return tensor;
}

/** scale * conv(x, w) + shift = conv(x, scale * w) + shift. */
const conv2d: OnnxRule = (graph, node) => {
  const { knobs } = node.attributes as Conv2dAttributes;
  const [x, w, scale, shift, residual] = node.inputs as [Node, Node, Node, Node, Node | undefined];
  const { K, C, KH, KW } = knobs;
  const scales = graph.constant(scale);
  const filter = C * KH * KW;
  const folded = graph.constant(w, [3, 2, 0, 1]).map((value, i) => value * scales[Math.floor(i / filter)]!);
  const weight = graph.floats('weight', [K, C, KH, KW], folded);
  const bias = graph.floats('bias', [K], graph.constant(shift));
  let y = graph.emit('Conv', [graph.channelsFirst(x), weight, bias], {
    kernel_shape: ints([KH, KW]),
    strides: ints([knobs.STRIDE_H, knobs.STRIDE_W]),
    pads: ints([knobs.PAD_H, knobs.PAD_W, knobs.PAD_H, knobs.PAD_W]),
    dilations: ints([knobs.DILATION_H, knobs.DILATION_W]),
  });
  if (residual) y = graph.emit('Add', [y, graph.channelsFirst(residual)]);
  return channelsFirst(activate(graph, y, knobs.ACTIVATION));
};

const linear: OnnxRule = (graph, node) => {
  const [x, w, b] = node.inputs as [Node, Node, Node];
  const [depth, width] = w.shape as [number, number];
  const weight = graph.floats('weight', [width, depth], graph.constant(w, [1, 0]));
  const bias = graph.floats('bias', [width], graph.constant(b));
  const y = graph.emit('Gemm', [graph.same(x), weight, bias], { transB: int(1) });
  return same(activate(graph, y, activations[(node.attributes as LinearAttributes).activation]));
};

const maxPool: OnnxRule = (graph, node) => {
  const { KH, KW, STRIDE_H, STRIDE_W, PAD_H, PAD_W } = (node.attributes as MaxPoolAttributes).knobs;
  const y = graph.emit('MaxPool', [graph.channelsFirst(node.inputs[0]!)], {
    kernel_shape: ints([KH, KW]),
    strides: ints([STRIDE_H, STRIDE_W]),
    pads: ints([PAD_H, PAD_W, PAD_H, PAD_W]),
  });
  return channelsFirst(y);
};

const globalPool: OnnxRule = (graph, node) => {
  const opType = (node.attributes as GlobalPoolAttributes).maximum ? 'GlobalMaxPool' : 'GlobalAveragePool';
  const pooled = graph.emit(opType, [graph.channelsFirst(node.inputs[0]!)]);
  return same(graph.emit('Flatten', [pooled])); // (N, C, 1, 1) -> (N, C)
};

const batchNorm: OnnxRule = (graph, node) => {
  const { eps, activation } = node.attributes as BatchNormAttributes;
  const [x, gamma, beta, mean, variance] = node.inputs as [Node, Node, Node, Node, Node];
  const rank = node.shape.length;
  if (rank !== 2 && rank !== 4) throw mismatch('input', node.name, 'axes of x', rank, '2 or 4 for ONNX export');
  const constants = Object.entries({ weight: gamma, bias: beta, running_mean: mean, running_var: variance });
  const names = constants.map(([name, each]) => graph.floats(name, each.shape, graph.constant(each)));
  const input = rank === 4 ? graph.channelsFirst(x) : graph.same(x); // ONNX's channels are axis 1
  const normal = graph.emit('BatchNormalization', [input, ...names], { epsilon: float(eps) });
  return { tensor: activate(graph, normal, activations[activation]), channelsFirst: rank === 4 };
};

const activation: OnnxRule = (graph, node) => {
  const { tensor, channelsFirst } = graph.value(node.inputs[0]!);
  return {
    tensor: activate(graph, tensor, activations[(node.attributes as ActivationAttributes).kind]),
    channelsFirst,
  };
};

const add: OnnxRule = (graph, node) => {
  const [a, b] = node.inputs as [Node, Node];
  const { tensor, channelsFirst } = graph.value(a);
  const sum = graph.emit('Add', [tensor, channelsFirst ? graph.channelsFirst(b) : graph.same(b)]);
  return { tensor: activate(graph, sum, activations[(node.attributes as AddAttributes).activation]), channelsFirst };
};

const concat: OnnxRule = (graph, node) => {
  const { channelsFirst } = graph.value(node.inputs[0]!);
  const tensors = node.inputs.map((x) => (channelsFirst ? graph.channelsFirst(x) : graph.same(x)));
  const axis = channelsFirst ? 1 : node.shape.length - 1;
  return { tensor: graph.emit('Concat', tensors, { axis: int(axis) }), channelsFirst };
};

const softmax: OnnxRule = (graph, node) => {
  const { axis, log } = node.attributes as SoftmaxAttributes;
  const opType = log ? 'LogSoftmax' : 'Softmax';
  return same(graph.emit(opType, [graph.same(node.inputs[0]!)], { axis: int(axis) }));
};

/** By the op's name. */
export const onnxRules: Readonly<Record<string, OnnxRule>> = {
  conv2d,
  linear,
  maxPool,
  globalPool,
  batchNorm,
  activation,
  add,
  concat,
  softmax,
  ...attentionRules,
};
