import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { crossEntropy } from '../../src/graph/ops/crossEntropy.ts';
import { evaluate, families } from '../harness/graph.ts';

for (const family of families) {
  test(`crossEntropy: equal logits give log K, a sure and right one gives 0, ${family}`, async () => {
    const labels = input('labels', [3], 'u32');
    const equal = crossEntropy('equal', input('a', [3, 6]), labels, { weight: 2, smoothing: 0.1 });
    const sure = crossEntropy('sure', input('b', [3, 6]), labels);
    const chosen = Uint32Array.of(5, 0, 2);
    const b = Float32Array.from({ length: 18 }, (_, i) => (i % 6 === chosen[Math.floor(i / 6)] ? 1000 : 0));
    const got = await evaluate({ equal, sure }, { a: new Float32Array(18).fill(7), b, labels: chosen }, {}, family);
    assert.equal(got.equal!.shape, [1]);
    assert.ok(Math.abs(got.equal!.data[0]! - 2 * Math.log(6)) < 1e-6);
    assert.is(got.sure!.data[0], 0);
  });
}

test('crossEntropy: refuses what does not fit, in one line', () => {
  const [logits, labels] = [input('x', [3, 6]), input('labels', [3], 'u32')];
  assert.throws(() => crossEntropy('loss', labels, labels), /^loss: shape of the logits, got \(3\), expected 2 sizes/);
  const few = input('few', [2], 'u32');
  assert.throws(() => crossEntropy('loss', logits, few), /^loss: labels, got u32 \(2\), expected u32 \(3\)/);
  const floats = input('floats', [3]);
  assert.throws(() => crossEntropy('loss', logits, floats), /^loss: labels, got f32 \(3\), expected u32 \(3\)/);
  assert.throws(() => crossEntropy('loss', logits, labels, { smoothing: 2 }), /^loss: smoothing, got 2, expected/);
  assert.throws(() => crossEntropy('loss', logits, labels, { weight: 0 }), /^loss: weight, got 0, expected/);
});

test.run();
