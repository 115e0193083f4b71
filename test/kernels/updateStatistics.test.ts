import * as fc from 'fast-check';
import { test } from 'uvu';
import {
  type UpdateStatisticsKnobs,
  updateStatistics,
  updateStatisticsReference,
} from '../../src/kernels/updateStatistics.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: UpdateStatisticsKnobs = { ROWS: 48, C: 40, INDEX: 0, WORKGROUP: 64 };

const check = (k: UpdateStatisticsKnobs, seed = 1, guard = 0) => {
  const inputs = {
    mean: randomValues(k.C, seed + 6),
    variance: randomValues(k.C, seed + 7).map(Math.abs),
    momentum: Float32Array.of(0.1, 0.01).subarray(0, k.INDEX + 1),
    guard: Float32Array.of(guard),
  };
  return checkKernel(updateStatistics, updateStatisticsReference, k, { inputs, seed });
};

const cases: Record<string, Partial<UpdateStatisticsKnobs>> = {
  control: {},
  'the second momentum': { INDEX: 1 },
  'two rows': { ROWS: 2 },
  'one channel': { C: 1 },
  'a channel past the workgroup': { C: 65 },
  'a grid folded into y': { C: 70001, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`updateStatistics: ${name}`, () => check({ ...base, ...change }));
}

for (const guard of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
  test(`updateStatistics: a loss of ${guard} changes nothing`, () => check(base, 1, guard));
}

test('updateStatistics: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 2, max: 90 }), fc.nat(), (C, ROWS, seed) =>
      check({ ...base, C, ROWS, INDEX: seed % 2 }, seed),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
