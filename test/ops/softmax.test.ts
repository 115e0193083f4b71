import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { logSoftmax, softmax } from '../../src/graph/ops/softmax.ts';
import { softmaxReference } from '../../src/kernels/softmax.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

const shape = [3, 18, 5];

for (const family of families) {
  for (const [axis, OUTER, SIZE, INNER] of [
    [0, 1, 3, 90],
    [1, 3, 18, 5],
    [2, 54, 5, 1],
    [-2, 3, 18, 5],
  ] as const) {
    test(`softmax and logSoftmax over axis ${axis} through plan and session, ${family}`, async () => {
      const x = input('x', shape);
      const data = randomValues(270, 1, 8);
      const got = await evaluate({ p: softmax('p', x, axis), l: logSoftmax('l', x, axis) }, { x: data }, {}, family);
      const knobs = { OUTER, SIZE, INNER, LINES: 1, SLICES: 1 };
      const p = softmaxReference({ x: data }, { ...knobs, LOG: 0 }).y!;
      const l = softmaxReference({ x: data }, { ...knobs, LOG: 1 }).y!;
      assert.equal(got.p!.shape, shape);
      assert.ok(p.every((v, i) => Math.abs(v - got.p!.data[i]!) < 1e-6));
      assert.ok(l.every((v, i) => Math.abs(v - got.l!.data[i]!) < 1e-5));
    });
  }
}

test('softmax: refuses an axis that is none, in one line', () => {
  const x = input('x', [2, 3]);
  assert.throws(() => softmax('p', x, 2), /^p: axis, got 2, expected a whole number from -2 to 1/);
  assert.throws(() => logSoftmax('p', x, -3), /^p: axis, got -3, expected a whole number from -2 to 1/);
  assert.throws(() => softmax('p', x, 0.5), /^p: axis, got 0.5, expected a whole number/);
});

test.run();
