// Writes a graph of ours as an ONNX file (https://onnx.ai), weights inside: how a model leaves for any other runtime. What
// the single ops become stands in onnxOps.ts.

import protobuf from 'protobufjs/light.js';
import { mismatch } from '../errors.ts';
import { elementCount, inputOp, isSource, type Node, parameterOp, reachable } from '../graph/node.ts';
import { filtersLastOp } from '../graph/ops/filtersLast.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { FLOAT, OnnxGraph } from './onnxGraph.ts';
import { onnxRules } from './onnxOps.ts';
import description from './onnxProto.json';

/** Of 2021: runtimes that are still in use know it. */
const OPSET = 17;
/** The version of the file format that came with opset 17. */
const IR_VERSION = 8;
/** A protobuf message ends at 2 GiB; the rest of the file takes far less than the difference. */
const MOST_WEIGHTS = 2 ** 31 - 2 ** 24;

export interface OnnxOptions {
  /** Named in errors. */
  readonly where: string;
  /** The first axis of inputs and outputs may have any size, whatever the graph was made for. */
  readonly dynamicBatch?: boolean;
}

/**
 * The bytes of an ONNX model, opset 17, that computes `outputs` by their names from the graph's inputs by theirs: f32, in
 * our order of axes, (N, H, W, C). `file` holds the parameters and the metadata to carry over. Batch norms behind
 * convolutions are folded into the weights. The same arguments always give the same bytes.
 * @throws PlumageError `input` for an op without a rule and for weights beyond 2 GB, `weights` for a tensor that is missing.
 */
export function writeOnnx(outputs: Readonly<Record<string, Node>>, file: TensorFile, options: OnnxOptions): Uint8Array {
  const { where, dynamicBatch = false } = options;
  const nodes = reachable(Object.values(outputs));
  checkSize(nodes, where);
  const inputs = nodes.filter((node) => node.op === inputOp);
  const taken = inputs.find(({ name }) => Object.hasOwn(outputs, name));
  if (taken) throw mismatch('input', where, 'name of an output', taken.name, 'a name that no input has');
  const graph = new OnnxGraph(file, where, [...inputs.map(({ name }) => name), ...Object.keys(outputs)]);
  for (const node of nodes) {
    graph.begin(node);
    if (node.op === inputOp) graph.define(node, { tensor: node.name, channelsFirst: false });
    else if (!isSource(node) && node.op !== filtersLastOp) graph.define(node, ruleOf(node, where)(graph, node));
  }
  for (const [name, node] of Object.entries(outputs)) graph.emit('Identity', [graph.same(node)], {}, name);
  const model = {
    irVersion: IR_VERSION,
    opsetImport: [{ domain: '', version: OPSET }],
    producerName: 'plumage',
    graph: {
      name: 'plumage',
      node: graph.nodes,
      initializer: graph.initialisers,
      input: inputs.map((node) => port(node.name, node, dynamicBatch)),
      output: Object.entries(outputs).map(([name, node]) => port(name, node, dynamicBatch)),
    },
    metadataProps: Object.entries(file.metadata).map(([key, value]) => ({ key, value })),
  };
  return protobuf.Root.fromJSON(description).lookupType('onnx.ModelProto').encode(model).finish();
}

function ruleOf(node: Node, where: string) {
  const rule = onnxRules[node.op.name];
  if (rule) return rule;
  throw mismatch('input', where, `op of ${node.name}`, node.op.name, Object.keys(onnxRules).join(', '));
}

function checkSize(nodes: readonly Node[], where: string): void {
  const parameters = nodes.filter((node) => node.op === parameterOp);
  const bytes = 4 * parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  if (bytes <= MOST_WEIGHTS) return;
  const advice = 'ONNX keeps more in separate files, which are not written here';
  throw mismatch('input', where, 'weights', `${(bytes / 1e9).toFixed(2)} GB`, 'at most 2.13 GB', advice);
}

/** ValueInfoProto: a named f32 tensor. */
function port(name: string, { shape }: Node, dynamicBatch: boolean): object {
  const dim = shape.map((size, axis) => (dynamicBatch && axis === 0 ? { dimParam: 'N' } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
