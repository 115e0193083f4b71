import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { globalAveragePool, globalMaxPool } from '../../src/graph/ops/globalPool.ts';
import { globalPoolReference } from '../../src/kernels/globalPool.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

const [n, h, w, c] = [2, 7, 5, 70];

for (const family of families) {
  test(`globalPool: mean and maximum through plan and session, ${family}`, async () => {
    const x = input('x', [n, h, w, c]);
    const outputs = { mean: globalAveragePool('mean', x), maximum: globalMaxPool('maximum', x) };
    const data = randomValues(n * h * w * c, 1);
    const got = await evaluate(outputs, { x: data }, {}, family);
    const knobs = { N: n, P: h * w, C: c, CHANNELS: 64, SLICES: 1 };
    const mean = globalPoolReference({ x: data }, { ...knobs, MAXIMUM: 0 }).y!;
    const maximum = globalPoolReference({ x: data }, { ...knobs, MAXIMUM: 1 }).y!;
    assert.equal(got.mean!.shape, [n, c]);
    assert.ok(mean.every((v, i) => Math.abs(v - got.mean!.data[i]!) < 1e-6));
    assert.equal([...got.maximum!.data], [...maximum]);
  });
}

test('globalPool: refuses what is no activation, in one line', () => {
  assert.throws(() => globalMaxPool('pool', input('v', [4, 8])), /^pool: shape of x, got \(4, 8\), expected 4 sizes/);
});

test.run();
