import * as fc from 'fast-check';
import { test } from 'uvu';
import {
  type MergeStatisticsKnobs,
  mergeStatistics,
  mergeStatisticsReference,
} from '../../src/kernels/mergeStatistics.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: MergeStatisticsKnobs = { ROWS: 100, C: 40, SLICE: 16, COLUMNS: 16, LANES: 1 };

/** Means in [-1, 1), variances in [0, 1). */
const check = (k: MergeStatisticsKnobs, seed = 1) => {
  const partial = randomValues(Math.ceil(k.ROWS / k.SLICE) * 2 * k.C, seed);
  partial.forEach((v, i) => {
    if (Math.floor(i / k.C) % 2 === 1) partial[i] = Math.abs(v);
  });
  return checkKernel(mergeStatistics, mergeStatisticsReference, k, { inputs: { partial } });
};

const cases: Record<string, Partial<MergeStatisticsKnobs>> = {
  control: {},
  'one channel': { C: 1 },
  'one slice': { ROWS: 10 },
  'whole slices': { ROWS: 96 },
  'a last slice of one row': { ROWS: 97 },
  'many slices': { ROWS: 1000, SLICE: 3 },
};
for (const LANES of [1, 16]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`mergeStatistics: ${name}, ${LANES} lanes`, () => check({ ...base, ...change, LANES }));
  }
}

test('mergeStatistics: a grid folded into y', () => check({ ...base, C: 70001, ROWS: 20, COLUMNS: 1 }));

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 200 }), C: fc.integer({ min: 1, max: 90 }) },
  ...{ SLICE: fc.integer({ min: 1, max: 70 }), LANES: fc.constantFrom(1, 16) },
});
test('mergeStatistics: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (shape, seed) => check({ ...base, ...shape }, seed)),
    { numRuns: 15, seed: 7 },
  ));

test.run();
