import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { permute } from '../../src/formats/permute.ts';
import { input, parameter } from '../../src/graph/node.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { linearReference } from '../../src/kernels/linear.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

for (const family of families) {
  for (const [m, k, n] of [
    [1, 515, 33],
    [5, 20, 8],
  ] as const) {
    test(`linear: PyTorch's weight through plan and session, ${m} x ${k} x ${n}, ${family}`, async () => {
      const data = randomValues(m * k, 1);
      const weight = randomValues(n * k, 2);
      const bias = randomValues(n, 3);
      const w = filtersLast(parameter('fc.weight', [n, k]));
      const y = linear('fc', input('x', [m, k]), w, parameter('fc.bias', [n]), { activation: 'relu' });
      assert.equal(y.shape, [m, n]);
      const parameters = { 'fc.weight': { shape: [n, k], data: weight }, 'fc.bias': { shape: [n], data: bias } };
      const { y: got } = await evaluate({ y }, { x: data }, parameters, family);
      const knobs = { M: m, K: k, N: n, ACTIVATION: activations.relu, COLUMNS: 1, SLICES: 1 };
      const want = linearReference({ x: data, w: permute(weight, [n, k], [1, 0]), b: bias }, knobs).y!;
      assert.ok(want.every((v, i) => Math.abs(v - got!.data[i]!) < 1e-4));
      assert.ok(want.some((v) => v > 1) && want.some((v) => v === 0));
    });
  }
}

test('linear: refuses sizes that disagree, in one line', () => {
  const x = input('x', [2, 8]);
  const w = filtersLast(parameter('w', [3, 8]));
  const b = parameter('b', [3]);
  assert.throws(
    () => linear('fc', input('v', [2, 1, 1, 8]), w, b),
    /^fc: shape of x, got \(2, 1, 1, 8\), expected 2 sizes/,
  );
  assert.throws(
    () => linear('fc', x, parameter('w', [3, 8]), b),
    /^fc: input features, got 8, expected 3 as the weight has/,
  );
  assert.throws(() => linear('fc', x, w, parameter('b', [8])), /^fc: shape of the bias, got \(8\), expected \(3\)/);
});

test.run();
