// The span of a few examples: coordinates that keep lengths and angles, and the way back.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spanOf } from '../../src/train/span.ts';
import { randomValues } from '../harness/random.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a, (value, i) => value * b[i]!).reduce((x, y) => x + y, 0);

/** `count` examples of `length`, the last `copies` of them sums of the first two. */
function examples(count: number, length: number, copies: number, seed: number): Float32Array[] {
  const made = Array.from({ length: count }, (_, i) => randomValues(length, seed + i));
  return made.map((each, i) => (i < count - copies ? each : each.map((_, at) => made[0]![at]! + made[1]![at]!)));
}

test('a few examples become coordinates with the same products, the first ones as many as are independent', async () => {
  const shapes = fc.record({
    count: fc.integer({ min: 3, max: 20 }),
    copies: fc.integer({ min: 0, max: 1 }),
    times: fc.integer({ min: 4, max: 12 }),
    seed: fc.nat(1000),
  });
  const check = async ({
    count,
    copies,
    times,
    seed,
  }: {
    count: number;
    copies: number;
    times: number;
    seed: number;
  }) => {
    const length = count * times;
    const features = examples(count, length, copies, seed);
    const { coordinates, expand } = await spanOf(features);
    for (const [i, each] of coordinates.entries()) {
      assert.is(each.length, count);
      assert.ok(each.subarray(count - copies).every((value) => value === 0));
      for (const [j, other] of coordinates.entries()) {
        const expected = dot(features[i]!, features[j]!);
        assert.ok(Math.abs(dot(each, other) - expected) < 1e-6 * length, `${i} ${j}`);
      }
      const back = expand(Float64Array.from(each));
      back.forEach((value, at) => {
        assert.ok(Math.abs(value - features[i]![at]!) < 1e-6);
      });
    }
  };
  await fc.assert(fc.asyncProperty(shapes, check), { numRuns: 30, seed: 2 });
});

test('many examples stay as they are, and so does nothing at all', async () => {
  const features = examples(3, 11, 0, 5);
  const { coordinates, expand } = await spanOf(features);
  assert.is(coordinates, features);
  const values = Float64Array.of(1, 2);
  assert.is(expand(values), values);
  const zeros = await spanOf([new Float32Array(9), new Float32Array(9)]);
  assert.equal([...zeros.coordinates[1]!], [0, 0]);
  assert.equal(zeros.expand(Float64Array.of(0, 0)), new Float64Array(9));
});

test.run();
