import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { filtersLast, filtersLastReference, stepsInFiles, unpackWeights } from '../../src/kernels/filtersLast.ts';
import { checkKernel } from '../harness/kernel.ts';

const lastK = (C: number, K: number) => ({ STEP_T: C * K, STEP_C: K, STEP_K: 1 });

const check = async (K: number, C: number, T: number) => {
  const order = (knobs: Parameters<typeof filtersLast.grid>[0]) =>
    checkKernel(filtersLast, filtersLastReference, knobs);
  await order({ K, C, T, ...stepsInFiles({ C, T }), PACKED: 0 });
  if (C % 4) return;
  await order({ K, C, T, ...stepsInFiles({ C, T }), PACKED: 1 });
  await order({ K, C, T, ...lastK(C, K), PACKED: 1 });
};

test('filtersLast: one value', () => check(1, 1, 1));
test('filtersLast: the stem', () => check(64, 3, 49));
test('filtersLast: a 3x3 window', () => check(68, 20, 9));
test('filtersLast: a matrix', () => check(130, 515, 1));
test('filtersLast: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 140 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 10 }),
      check,
    ),
    { numRuns: 8, seed: 5 },
  ));

test('unpackWeights: brings packed weights back', () => {
  const [T, C, K] = [2, 8, 3];
  const x = Float64Array.from({ length: T * C * K }, (_, i) => i);
  const packed = filtersLastReference({ x }, { T, C, K, ...lastK(C, K), PACKED: 1 }).y!;
  assert.equal(unpackWeights(packed, { T, C, K }), x);
});

test.run();
