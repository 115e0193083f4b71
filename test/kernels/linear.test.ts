import * as fc from 'fast-check';
import { test } from 'uvu';
import { activations } from '../../src/kernels/kernel.ts';
import { type LinearKnobs, linear, linearReference } from '../../src/kernels/linear.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: LinearKnobs = { M: 4, K: 32, N: 64, ACTIVATION: activations.none, COLUMNS: 16, SLICES: 1 };

const cases: Record<string, Partial<LinearKnobs>> = {
  control: {},
  'one element': { M: 1, K: 1, N: 1 },
  'one row': { M: 1, K: 67, N: 130 },
  'one column': { M: 5, N: 1 },
  'depth 1': { M: 3, K: 1 },
  'every edge ragged': { M: 7, K: 33, N: 71 },
  'more than a tile in every direction': { M: 9, K: 70, N: 260 },
  relu: { ACTIVATION: activations.relu },
  elu: { ACTIVATION: activations.elu },
  'deep, as after global pooling': { M: 1, K: 2048, N: 10 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`linear: ${name}`, () => checkKernel(linear, linearReference, { ...base, ...change }));
}

for (const name of ['one element', 'every edge ragged', 'elu']) {
  const k = { ...base, ...cases[name], COLUMNS: 4, SLICES: 8 };
  test(`linear: ${name}, the depth in slices`, () => checkKernel(linear, linearReference, k));
}

test('linear: the split that GPUs get', () =>
  checkKernel(linear, linearReference, { ...base, M: 2, K: 515, N: 33, COLUMNS: 4, SLICES: 64 }));

test('linear: a grid folded into y', () =>
  checkKernel(linear, linearReference, { ...base, M: 8, K: 1, N: 4 * 33000, COLUMNS: 1 }));

const shapes = fc.record({
  ...{ M: fc.integer({ min: 1, max: 9 }), K: fc.integer({ min: 1, max: 40 }), N: fc.integer({ min: 1, max: 70 }) },
  ...{
    ACTIVATION: fc.integer({ min: 0, max: 2 }),
    COLUMNS: fc.constantFrom(1, 4, 16),
    SLICES: fc.constantFrom(1, 4, 7),
  },
});
test('linear: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(linear, linearReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
