import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { globalTop5Pool } from '../../src/graph/ops/topPool.ts';
import { topPoolReference } from '../../src/kernels/topPool.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

const [n, c] = [2, 20];

for (const family of families) {
  for (const [h, w] of [
    [7, 5],
    [3, 1],
  ] as const) {
    test(`globalTop5Pool: ${h} x ${w} positions through plan and session, ${family}`, async () => {
      const data = randomValues(n * h * w * c, 1);
      const got = await evaluate({ y: globalTop5Pool('y', input('x', [n, h, w, c])) }, { x: data }, {}, family);
      const { y } = topPoolReference({ x: data }, { N: n, P: h * w, C: c, WORKGROUP: 64 });
      assert.equal(got.y!.shape, [n, c]);
      assert.ok(y!.every((v, i) => Math.abs(v - got.y!.data[i]!) < 1e-6));
    });
  }
}

test('globalTop5Pool: refuses channels that are no multiple of 4, in one line', () => {
  refused(
    () => globalTop5Pool('y', input('x', [1, 2, 2, 6])),
    'input',
    /^y: channels, got 6, expected a multiple of 4/,
  );
});

test.run();
