// The check of a gradient on a loss that is known: what it calls right, wrong, and too flat to tell.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { slope } from '../../src/train/gradcheck.ts';

const w = Float32Array.of(1, -2, 0.5);
const target = Float32Array.of(0, 1, 2);

/** |w - target|^2, by values that are moved and put back. */
async function check(gradient: Float32Array, lossOf = (at: number[]) => at.reduce((sum, v) => sum + v * v, 0)) {
  let now = w.slice();
  const states = {
    read: async () => now.slice(),
    write: (_: string, values: Float32Array | Uint32Array) => {
      now = Float32Array.from(values);
    },
  };
  const loss = () => lossOf([...now].map((v, i) => v - target[i]!));
  const found = await slope('w', gradient, loss(), states, async () => loss());
  assert.equal(now, w);
  return found;
}

const right = w.map((v, i) => 2 * (v - target[i]!));

test('the right gradient is right, one of another length or direction is not', async () => {
  assert.ok((await check(right)).error! < 1e-3);
  assert.ok((await check(right.map((v) => 1.1 * v))).error! > 0.08);
  assert.ok((await check(right.map((v) => -v))).error! > 1.9);
});

test('values that are not finite are wrong', async () => {
  assert.is((await check(Float32Array.of(1, Number.NaN, 0))).error, Number.POSITIVE_INFINITY);
  assert.is((await check(right, () => Number.NaN)).error, Number.POSITIVE_INFINITY);
});

test('a gradient of 0 is wrong where the loss moves, and too flat to tell where it does not; zeros are counted', async () => {
  const none = new Float32Array(3);
  assert.is((await check(none)).error, Number.POSITIVE_INFINITY);
  const flat = await check(none, () => 5);
  assert.equal([flat.error, flat.zeros], [undefined, 1]);
  assert.is((await check(Float32Array.of(0, right[1]!, right[2]!))).zeros, 1 / 3);
});

test.run();
