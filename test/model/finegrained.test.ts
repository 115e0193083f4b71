// Plumage's network against the twin on the same hashed weights and x (test/fixtures/makeFinegrainedGoldens.py): preset
// tiny whole, and from hashed taps on with each option. The larger presets are in test/long.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { Weights } from '../../src/gpu/constants.ts';
import { elementCount, input, type Node, type Shape } from '../../src/graph/node.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { collaborate } from '../../src/model/collaborativeAttention.ts';
import type { PlumageConfig } from '../../src/model/config.ts';
import { params } from '../../src/model/params.ts';
import goldenBytes from '../fixtures/goldens/finegrainedTiny.bin';
import { configOf } from '../harness/configs.ts';
import { BOUND, checkOutputs, difference, goldensOf } from '../harness/finegrainedGoldens.ts';
import { evaluate } from '../harness/graph.ts';
import {
  branchGraph,
  hashedModel,
  hashedTaps,
  noiseFor,
  runOnce,
  uploaded,
  wholeGraph,
} from '../harness/hashedFinegrained.ts';
import { hashedValues } from '../harness/hashedWeights.ts';

const goldens = readSafetensors(goldenBytes, 'finegrainedTiny.bin').tensors;
const tiny = (changes: Partial<PlumageConfig> = {}) => configOf('tiny', 10, changes);
const concat = tiny({ fuse: 'concat' });

/** Odd sizes, which leave ragged maps; the taps below are those of such an image, so that they share pipelines. */
const shape = [2, 97, 71, 3];
const sizes = [
  [13, 9],
  [7, 5],
  [4, 3],
];

/** Of all options together: `concat` has parameters of its own, and none of them differ in shape. */
const tensors: Record<string, Tensor> = { ...hashedModel(tiny()), ...hashedModel(concat) };

/** By eps: what is derived from them depends on it. */
const onDevice = new Map<number, Weights>();
async function weightsFor(eps: number): Promise<Weights> {
  const weights = onDevice.get(eps) ?? (await uploaded(tensors));
  onDevice.set(eps, weights);
  return weights;
}

for (const base of [
  { variant: 'v1.5', eps: 1e-5 },
  { variant: 'v1', eps: 1e-3 },
] as const) {
  const key = `tiny/${base.variant}/${shape.join('x')}`;

  test(`${key}: all outputs`, async () => {
    const outputs = await runOnce(wholeGraph(tiny(base), shape), await weightsFor(base.eps), noiseFor(shape));
    console.log(checkOutputs(key, outputs, goldensOf(goldens, key)));
    for (const name of ['attention1', 'attention2', 'attention3']) checkSums(outputs[name]!, shape[0]!);
  });
}

/** Each of the n images' maps sums to 1. */
function checkSums({ data }: Tensor, n: number): void {
  const size = data.length / n;
  for (let i = 0; i < n; i++) {
    const sum = data.subarray(i * size, (i + 1) * size).reduce((a, b) => a + b, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `image ${i}: the map sums to ${sum}`);
  }
}

const fromTaps = async (config: PlumageConfig, weights?: Weights) =>
  runOnce(branchGraph(config, 2, sizes), weights ?? (await weightsFor(config.eps)), hashedTaps(2, sizes));

const optionKeys = [...goldens.keys()].filter((key) => key.startsWith('tiny/{') && key.endsWith('/combined'));

for (const key of optionKeys.map((name) => name.slice(0, -'/combined'.length))) {
  test(`${key}: all outputs, which differ from the default's`, async () => {
    const option = JSON.parse(key.slice('tiny/'.length)) as Partial<PlumageConfig>;
    const outputs = await fromTaps(tiny(option));
    console.log(checkOutputs(key, outputs, goldensOf(goldens, key)));
    if (Object.keys(option).length === 0) return;
    const usual = goldens.get('tiny/{}/combined')!;
    const change = difference('combined', outputs.combined!, usual);
    assert.ok(change > 10 * BOUND, `combined changes by ${change} only`);
  });
}

test('there is a golden for every option', () => assert.ok(optionKeys.length > 15));

const zero = (size: number): Tensor => ({ shape: [size], data: new Float32Array(size) });

test('gamma = beta = 0 gives the network without attention, bit for bit', async () => {
  const weights = await uploaded({ ...tensors, 'clca.gamma': zero(3), 'cga.beta': zero(1) });
  const without = await fromTaps(tiny({ attention: 'none' }));
  const names = Object.keys(without);
  assert.is(names.length, 8);
  for (const option of [{}, { affinity: 'identity' }, { cgaSign: -1, clcaSign: -1 }, { normalise: true }] as const) {
    const outputs = await fromTaps(tiny(option), weights);
    for (const name of names) assert.equal(outputs[name]!.data, without[name]!.data, name);
  }
  weights.destroy();
});

test('swapping two branches together with U and V of their pair swaps what they become', async () => {
  const { d, r } = tiny();
  const at = (i: number): Shape => [2, ...sizes[i]!, d];
  const shapes = { a: at(0), b: at(1), c: at(2) };
  const map = (name: 'a' | 'b' | 'c') => hashedValues(name, elementCount(shapes[name]), -1, 1);
  const feeds = { a: map('a'), b: map('b'), c: map('c') };
  const matrix = (name: string): Tensor => ({ shape: [r, d, 1, 1], data: hashedValues(name, r * d, -0.5, 0.5) });
  const [u, v, ac, ca, bc, cb] = ['u', 'v', 'ac', 'ca', 'bc', 'cb'].map(matrix) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const gamma = (...data: number[]): Tensor => ({ shape: [3], data: Float32Array.from(data) });
  const options = { r, sign: 1, affinity: 'bilinear', fuse: 'add', eps: 1e-5 } as const;
  const run = async (order: readonly ('a' | 'b' | 'c')[], weights: Record<string, Tensor>) => {
    const nodes = order.map((name): Node => input(name, shapes[name]));
    const { maps, attention } = collaborate(params('clca'), nodes, options);
    const outputs = Object.fromEntries([
      ...order.map((name, i) => [`z ${name}`, maps[i]!] as const),
      ...order.map((name, i) => [`map ${name}`, attention[i]!] as const),
    ]);
    return evaluate(outputs, feeds, weights);
  };
  const third = { 'clca.13.v.weight': ca, 'clca.23.v.weight': cb };
  const before = await run(['a', 'b', 'c'], {
    ...{ 'clca.12.u.weight': u, 'clca.12.v.weight': v, 'clca.13.u.weight': ac, 'clca.23.u.weight': bc },
    ...{ ...third, 'clca.gamma': gamma(0.5, 0.75, 1) },
  });
  const after = await run(['b', 'a', 'c'], {
    ...{ 'clca.12.u.weight': v, 'clca.12.v.weight': u, 'clca.13.u.weight': bc, 'clca.23.u.weight': ac },
    ...{ 'clca.13.v.weight': cb, 'clca.23.v.weight': ca, 'clca.gamma': gamma(0.75, 0.5, 1) },
  });
  // The sums run in another order.
  for (const name of Object.keys(before)) assert.ok(difference(name, after[name]!, before[name]!) < 1e-6, name);
  assert.ok(difference('z a', before['z a']!, { shape: shapes.a, data: feeds.a }) > 0.01, 'something is received');
});

test.after(() => {
  for (const weights of onDevice.values()) weights.destroy();
});

test.run();
