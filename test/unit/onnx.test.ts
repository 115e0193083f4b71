// The ONNX export, judged by onnxruntime: every op with each of its options against the kernels' f64 references, the bytes'
// determinism, and what is refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOnnx } from '../../src/formats/onnx.ts';
import { derived, input, type Node, parameter, reachable, type Shape } from '../../src/graph/node.ts';
import { elu, relu } from '../../src/graph/ops/activation.ts';
import { add } from '../../src/graph/ops/add.ts';
import { batchNorm } from '../../src/graph/ops/batchNorm.ts';
import { concat } from '../../src/graph/ops/concat.ts';
import { conv2d } from '../../src/graph/ops/conv2d.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { globalAveragePool, globalMaxPool } from '../../src/graph/ops/globalPool.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { maxPool } from '../../src/graph/ops/maxPool.ts';
import { logSoftmax, softmax } from '../../src/graph/ops/softmax.ts';
import type { Tensor, TensorFile } from '../../src/graph/tensor.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { runOnnx } from '../harness/onnx.ts';
import { randomValues } from '../harness/random.ts';
import { evaluateReference } from '../harness/reference.ts';
import { refused } from '../harness/refused.ts';

const size = (shape: Shape) => shape.reduce((a, b) => a * b, 1);
/** Rounding of f32 sums of these lengths, relative to the largest value. */
const BOUND = 1e-5;

/** A tensor for every parameter; what is called variance or scale is positive. */
function weightsFor(outputs: Record<string, Node>): TensorFile {
  const tensors = [...expectedParameters(outputs)].map(([name, shape], i): [string, Tensor] => {
    const data = randomValues(size(shape), 100 + i);
    return [name, { shape, data: /variance/.test(name) ? data.map((v) => 0.5 + Math.abs(v)) : data }];
  });
  return { tensors: new Map(tensors), metadata: {} };
}

/** Exports the graph, runs it on random inputs, and compares every output with the references. */
async function check(outputs: Record<string, Node>): Promise<void> {
  const file = weightsFor(outputs);
  const inputs = reachable(Object.values(outputs)).filter(({ op }) => op.name === 'input');
  const feeds = inputs.map(({ name, shape }, i): [string, Tensor] => [
    name,
    { shape, data: randomValues(size(shape), i + 1, 3) },
  ]);
  const got = await runOnnx(writeOnnx(outputs, file, { where: 'test' }), Object.fromEntries(feeds));
  const data = Object.fromEntries(feeds.map(([name, tensor]) => [name, tensor.data]));
  const want = evaluateReference(outputs, data, Object.fromEntries(file.tensors));
  assert.equal(Object.keys(got), Object.keys(outputs));
  for (const [name, node] of Object.entries(outputs)) {
    assert.equal(got[name]!.shape, node.shape, name);
    const largest = want[name]!.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
    const worst = want[name]!.reduce((a, b, i) => Math.max(a, Math.abs(b - got[name]!.data[i]!)), 0);
    assert.ok(worst <= BOUND * largest, `${name}: off by ${worst} where values reach ${largest}`);
  }
}

const x = input('x', [2, 7, 6, 5]);
const other = input('other', [2, 7, 6, 5]);
const rows = input('rows', [3, 10]);
const vector = (name: string, length: number) => parameter(name, [length]);

function conv(name: string, from: Node, [k, kh, kw]: readonly [number, number, number], options = {}): Node {
  const weight = filtersLast(parameter(`${name}.weight`, [k, from.shape[3]!, kh, kw]));
  const double = derived(`${name}.double`, [k], [vector(`${name}.scale`, k)], (s) => s!.map((v) => 2 * v));
  return conv2d(name, from, weight, double, vector(`${name}.shift`, k), options);
}

const norm = (name: string, from: Node, activation: 'none' | 'relu' | 'elu') => {
  const [gamma, beta, mean, variance] = ['gamma', 'beta', 'mean', 'variance'].map((each) =>
    vector(`${name}.${each}`, from.shape.at(-1)!),
  ) as [Node, Node, Node, Node];
  return batchNorm(name, from, { gamma, beta, mean, variance }, { eps: 1e-3, activation });
};

const cases: Record<string, () => Record<string, Node>> = {
  'conv2d: window, stride, padding, dilation of either axis': () => ({
    plain: conv('a', x, [4, 1, 1]),
    window: conv('b', x, [8, 3, 2], { stride: [2, 1], padding: [2, 1], activation: 'elu' }),
    dilated: conv('c', x, [3, 2, 3], { dilation: [3, 2], activation: 'relu' }),
  }),
  'conv2d: residual before the activation': () => ({
    y: conv('b', conv('a', x, [4, 3, 3], { padding: 1 }), [5, 1, 1], { residual: other, activation: 'relu' }),
  }),
  'conv2d: weights in the layout of the device, and none derived': () => ({
    y: conv2d('a', x, parameter('w', [3, 2, 5, 4]), vector('scale', 4), vector('shift', 4)),
  }),
  linear: () => ({
    y: linear('a', rows, filtersLast(parameter('a.w', [6, 10])), vector('a.b', 6), { activation: 'elu' }),
    z: linear('b', rows, parameter('b.w', [10, 4]), vector('b.b', 4)),
  }),
  'max pool: a window of either axis, padding counts as -inf': () => ({
    square: maxPool('a', x, { kernel: 3, stride: 2, padding: 1 }),
    oblong: maxPool('b', x, { kernel: [2, 3], stride: [1, 2], padding: [1, 0] }),
  }),
  'global pools': () => ({ mean: globalAveragePool('a', x), most: globalMaxPool('b', x) }),
  'batch norm of maps and of rows': () => ({
    maps: norm('a', x, 'relu'),
    lines: norm('b', rows, 'elu'),
    behind: norm('c', maxPool('pool', x, { kernel: 2 }), 'none'),
  }),
  'activations and add, in either order of axes': () => {
    const pooled = maxPool('pool', x, { kernel: 1 });
    return {
      elu: elu('a', x),
      relu: relu('b', pooled),
      same: add('c', x, other, { activation: 'elu' }),
      mixed: add('d', pooled, other, { activation: 'relu' }),
      mixedToo: add('e', other, pooled),
      lines: add('f', rows, rows),
    };
  },
  'concat of maps and of rows': () => {
    const pooled = maxPool('pool', x, { kernel: 1 });
    return { maps: concat('a', [pooled, x, other]), mixed: concat('b', [x, pooled]), lines: concat('c', [rows, rows]) };
  },
  'softmax over each axis': () => {
    const pooled = maxPool('pool', x, { kernel: 1 });
    return {
      channels: softmax('a', x, -1),
      width: softmax('b', pooled, 2),
      log: logSoftmax('c', pooled, 3),
      lines: softmax('d', rows, 1),
    };
  },
  'one value under two names, and names that occur twice': () => {
    const y = relu('y', x);
    return { y, twice: y, 'y/Relu': relu('y', y) };
  },
};

for (const [name, make] of Object.entries(cases)) test(name, () => check(make()));

test('a dynamic batch takes any number of images; a fixed one only its own', async () => {
  const one = input('x', [1, 7, 6, 5]);
  const many = input('x', [4, 7, 6, 5]);
  const graph = (from: Node) => {
    const maps = conv('a', maxPool('pool', from, { kernel: 2 }), [4, 3, 3], { padding: 1 });
    return {
      maps,
      rows: linear('fc', globalMaxPool('top', maps), filtersLast(parameter('fc.w', [2, 4])), vector('fc.b', 2)),
    };
  };
  const file = weightsFor(graph(one));
  const data = randomValues(size(many.shape), 5);
  const feed = { x: { shape: many.shape, data } };
  const got = await runOnnx(writeOnnx(graph(one), file, { where: 'test', dynamicBatch: true }), feed);
  const want = evaluateReference(graph(many), { x: data }, Object.fromEntries(file.tensors));
  assert.equal(got.maps!.shape, [4, 3, 3, 4]);
  assert.equal(got.rows!.shape, [4, 2]);
  assert.ok(want.rows!.every((v, i) => Math.abs(v - got.rows!.data[i]!) <= BOUND));
  const fixed = writeOnnx(graph(one), file, { where: 'test' });
  let refusal = '';
  await runOnnx(fixed, feed).catch((error: Error) => {
    refusal = error.message;
  });
  assert.match(refusal, /Expected: 1/);
});

test('the same graph gives the same bytes, metadata included', () => {
  const bytes = () => {
    const outputs = cases['conv2d: residual before the activation']!();
    const file = { ...weightsFor(outputs), metadata: { plumage: '{"model":"plain"}' } };
    return writeOnnx(outputs, file, { where: 'test' });
  };
  assert.equal(bytes(), bytes());
  assert.ok(Buffer.from(bytes()).includes('{"model":"plain"}'));
});

test('refuses more than a file can hold, ops without a rule and weights that are missing, in one line', () => {
  const write = (y: Node, tensors = new Map<string, Tensor>()) =>
    writeOnnx({ y }, { tensors, metadata: {} }, { where: 'model' });
  const huge = linear('fc', rows, filtersLast(parameter('fc.weight', [60_000_000, 10])), vector('fc.bias', 60_000_000));
  refused(() => write(huge), 'input', /^model: weights, got 2\.64 GB, expected at most 2\.13 GB - ONNX keeps more/);
  const strange: Node = { ...relu('strange', rows), op: { name: 'wobble', lower: () => [] } };
  refused(() => write(strange), 'input', /^model: op of strange, got wobble, expected .*conv2d/);
  const fc = linear('fc', rows, filtersLast(parameter('fc.weight', [2, 10])), vector('fc.bias', 2));
  refused(() => write(fc), 'weights', /^model: fc\.weight, got nothing, expected \(2, 10\)$/);
  refused(
    () => write(linear('fc', rows, relu('w', input('p', [10, 2])), vector('b', 2))),
    'input',
    /^model: w,.* a parameter/,
  );
  refused(() => write(relu('y', parameter('p', [2]))), 'input', /^model: p, got parameter, expected a computed value/);
  const clash = () => writeOnnx({ rows: relu('y', rows) }, { tensors: new Map(), metadata: {} }, { where: 'model' });
  refused(clash, 'input', /^model: name of an output, got rows, expected/);
});

test.run();
