import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Node } from '../../src/graph/node.ts';
import { relu } from '../../src/graph/ops/activation.ts';
import { concat } from '../../src/graph/ops/concat.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

/** Concatenates inputs of these channel counts on the device and in plain loops; `through` stands before the concat. */
async function check(leading: readonly number[], channels: readonly number[], through = (x: Node) => x): Promise<void> {
  const rows = leading.reduce((a, b) => a * b, 1);
  const total = channels.reduce((a, b) => a + b, 0);
  const data = channels.map((c, i) => randomValues(rows * c, i + 1).map(Math.abs));
  const xs = channels.map((c, i) => input(`x${i}`, [...leading, c]));
  const feeds = Object.fromEntries(data.map((values, i) => [`x${i}`, values]));
  const y = concat('joined', xs.map(through));
  assert.equal(y.shape, [...leading, total]);
  const got = await evaluate({ y }, feeds);
  const want = Array.from({ length: rows }, (_, row) =>
    channels.flatMap((c, i) => [...data[i]!.subarray(row * c, (row + 1) * c)]),
  );
  assert.equal([...got.y!.data], want.flat());
}

test('concat of feature maps through plan and session', () => check([2, 3, 5], [4, 8, 12]));
test('concat of odd channel counts', () => check([3], [1, 7, 2, 5]));
test('concat of one value', () => check([4], [3]));
test('concat of values that other kernels made', () => check([2, 3, 3], [5, 6, 1], (x) => relu(`relu ${x.name}`, x)));

test('concat of a value with itself', async () => {
  const x = input('x', [2, 2]);
  const got = await evaluate({ y: concat('twice', [x, x]) }, { x: Float32Array.of(1, 2, 3, 4) });
  assert.equal([...got.y!.data], [1, 2, 1, 2, 3, 4, 3, 4]);
});

test('concat of random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
      (leading, channels) => check(leading, channels),
    ),
    { numRuns: 8, seed: 7 },
  ));

test('concat: refuses nothing to join and shapes that differ before the channels, in one line', () => {
  const a = input('a', [2, 3, 4]);
  assert.throws(() => concat('joined', []), /^joined: inputs to join, got none, expected at least one/);
  assert.throws(
    () => concat('joined', [a, input('b', [2, 5, 4])]),
    /^joined: shape of b, got \(2, 5, 4\), expected \(2, 3, any\) as a has - only the channels may differ$/,
  );
  assert.throws(() => concat('joined', [a, input('b', [3, 4])]), /^joined: shape of b, got \(3, 4\), expected/);
});

test.run();
