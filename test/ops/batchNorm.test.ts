import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter } from '../../src/graph/node.ts';
import { batchNorm } from '../../src/graph/ops/batchNorm.ts';
import { batchNormReference } from '../../src/kernels/batchNorm.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

const nodes = (c: number) => ({
  gamma: parameter('weight', [c]),
  beta: parameter('bias', [c]),
  mean: parameter('running_mean', [c]),
  variance: parameter('running_var', [c]),
});

for (const shape of [
  [2, 3, 4, 10],
  [3, 7],
]) {
  test(`batchNorm of (${shape.join(', ')}) through plan and session`, async () => {
    const c = shape[shape.length - 1]!;
    const rows = shape.reduce((a, b) => a * b, 1) / c;
    const x = randomValues(rows * c, 1);
    const [gamma, beta, mean] = [2, 3, 4].map((seed) => randomValues(c, seed)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const variance = randomValues(c, 5).map((v) => v + 1.5);
    const values = { weight: gamma, bias: beta, running_mean: mean, running_var: variance };
    const tensors = Object.fromEntries(Object.entries(values).map(([name, data]) => [name, { shape: [c], data }]));
    const y = batchNorm('bn', input('x', shape), nodes(c), { eps: 1e-3, activation: 'elu' });
    assert.equal(y.shape, shape);
    const got = await evaluate({ y }, { x }, tensors);
    const knobs = { ROWS: rows, C: c, EPS: 1e-3, ACTIVATION: activations.elu, WORKGROUP: 64 };
    const want = batchNormReference({ x, gamma, beta, mean, variance }, knobs).y!;
    assert.ok(want.every((v, i) => Math.abs(v - got.y!.data[i]!) < 1e-5));
  });
}

test('batchNorm: refuses parameters of other sizes and an eps that is none, in one line', () => {
  const x = input('x', [2, 8]);
  const bad = { ...nodes(8), mean: parameter('m', [4]) };
  assert.throws(() => batchNorm('bn', x, bad, { eps: 1e-5 }), /^bn: shape of mean, got \(4\), expected \(8\)/);
  const matrix = { ...nodes(8), gamma: parameter('g', [1, 8]) };
  assert.throws(() => batchNorm('bn', x, matrix, { eps: 1e-5 }), /^bn: shape of gamma, got \(1, 8\), expected \(8\)/);
  assert.throws(() => batchNorm('bn', x, nodes(8), { eps: 0 }), /^bn: eps, got 0, expected a positive number/);
});

test.run();
