import * as fc from 'fast-check';
import { test } from 'uvu';
import { batchStatistics, batchStatisticsReference, type SlicedKnobs } from '../../src/kernels/batchStatistics.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: SlicedKnobs = { ROWS: 48, C: 64, SLICE: 16, COLUMNS: 16, LANES: 1, RAGGED: 0 };
const check = (k: SlicedKnobs, seed = 1) => checkKernel(batchStatistics, batchStatisticsReference, k, { seed });

const cases: Record<string, Partial<SlicedKnobs>> = {
  control: {},
  'one row': { ROWS: 1 },
  'one quad of channels': { C: 4 },
  'a last slice of one row': { ROWS: 33 },
  'a last workgroup of one quad': { C: 68 },
  'one slice for all': { SLICE: 1000 },
  'a slice a row': { ROWS: 5, SLICE: 1 },
  'one element': { ROWS: 1, C: 1, RAGGED: 1 },
  'ragged channels': { C: 67, RAGGED: 1 },
  'fewer channels than a quad': { C: 3, RAGGED: 1 },
};
for (const LANES of [1, 16]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`batchStatistics: ${name}, ${LANES} lanes`, () => check({ ...base, ...change, LANES }));
  }
}

test('batchStatistics: a grid folded into y', () => check({ ...base, ROWS: 70000, C: 4, SLICE: 1, COLUMNS: 1 }));

test('batchStatistics: a mean a thousand times the deviation leaves the variance right', () => {
  const k = { ...base, SLICE: 64 };
  const x = randomValues(k.ROWS * k.C, 3, 0.5).map((v) => Math.fround(512 + v));
  // Exact differences; the bound is that of values in [-1, 1), so of the variance, while the mean is relative to 512.
  return checkKernel(batchStatistics, batchStatisticsReference, k, { inputs: { x } });
});

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 60 }), C: fc.integer({ min: 1, max: 90 }) },
  ...{ SLICE: fc.integer({ min: 1, max: 70 }), LANES: fc.constantFrom(1, 16) },
});
test('batchStatistics: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (shape, seed) =>
      check({ ...base, ...shape, RAGGED: Number(shape.C % 4 > 0) }, seed),
    ),
    { numRuns: 15, seed: 7 },
  ));

test('batchStatistics: the ragged way also serves whole quads', () => check({ ...base, RAGGED: 1, ROWS: 9 }));

test.run();
