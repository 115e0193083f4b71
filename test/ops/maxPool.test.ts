import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { maxPool } from '../../src/graph/ops/maxPool.ts';
import { maxPoolReference } from '../../src/kernels/maxPool.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

test('maxPool: the stem of a ResNet through plan and session', async () => {
  const x = input('x', [2, 11, 8, 12]);
  const y = maxPool('pool', x, { kernel: 3, stride: 2, padding: 1 });
  assert.equal(y.shape, [2, 6, 4, 12]);
  const data = randomValues(2 * 11 * 8 * 12, 1);
  const k = { N: 2, H: 11, W: 8, C: 12, OH: 6, OW: 4, KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1 };
  const want = maxPoolReference({ x: data }, { ...k, WORKGROUP: 64 }).y!;
  const { y: got } = await evaluate({ y }, { x: data });
  assert.equal([...got!.data], [...want]);
});

test('maxPool: the stride is the kernel unless said otherwise; height and width may differ', () => {
  const x = input('x', [1, 12, 12, 3]);
  assert.equal(maxPool('pool', x, { kernel: 2 }).shape, [1, 6, 6, 3]);
  assert.equal(maxPool('pool', x, { kernel: [3, 4], stride: [1, 2], padding: [0, 2] }).shape, [1, 10, 7, 3]);
});

test('maxPool: refuses what has no answer, in one line', () => {
  const x = input('x', [1, 4, 4, 3]);
  assert.throws(
    () => maxPool('pool', input('v', [4, 4, 3]), { kernel: 2 }),
    /^pool: shape of x, got \(4, 4, 3\), expected/,
  );
  assert.throws(
    () => maxPool('pool', x, { kernel: 2, padding: 2 }),
    /^pool: padding, got \(2, 2\), expected at most half/,
  );
  assert.throws(
    () => maxPool('pool', x, { kernel: 7, padding: 1 }),
    /^pool: size of x, got \(4, 4\), expected at least/,
  );
  assert.throws(() => maxPool('pool', x, { kernel: 0 }), /^pool: kernel, got \(0, 0\), expected whole numbers/);
  assert.throws(
    () => maxPool('pool', x, { kernel: 2, stride: [1, 1.5] }),
    /^pool: stride, got \(1, 1.5\), expected whole/,
  );
  assert.throws(() => maxPool('pool', x, { kernel: 2, padding: -1 }), /^pool: padding, got \(-1, -1\), expected whole/);
});

test.run();
