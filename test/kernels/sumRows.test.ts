import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SumRowsKnobs, sumRows, sumRowsReference } from '../../src/kernels/sumRows.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: SumRowsKnobs = { ROWS: 24, C: 40, COLUMNS: 16, LANES: 1 };

const cases: Record<string, Partial<SumRowsKnobs>> = {
  control: {},
  'one element': { ROWS: 1, C: 1 },
  'one row': { ROWS: 1 },
  'one column': { C: 1, ROWS: 131 },
  'a column past the workgroup': { C: 17 },
};
for (const LANES of [1, 16]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`sumRows: ${name}, ${LANES} lanes`, () =>
      checkKernel(sumRows, sumRowsReference, { ...base, ...change, LANES }));
  }
}

test('sumRows: a grid folded into y', () =>
  checkKernel(sumRows, sumRowsReference, { ...base, ROWS: 2, C: 70001, COLUMNS: 1 }));

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 60 }), C: fc.integer({ min: 1, max: 90 }) },
  ...{ LANES: fc.constantFrom(1, 16) },
});
test('sumRows: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) =>
      checkKernel(sumRows, sumRowsReference, { ...base, ...k }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
