import * as fc from 'fast-check';
import { test } from 'uvu';
import { type ColumnSumsKnobs, columnSums, columnSumsReference } from '../../src/kernels/columnSums.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: ColumnSumsKnobs = { ROWS: 16, C: 70, WORKGROUP: 64 };

const cases: Record<string, Partial<ColumnSumsKnobs>> = {
  control: {},
  'one element': { ROWS: 1, C: 1 },
  'one row': { ROWS: 1 },
  'one column': { C: 1, ROWS: 300 },
  'a grid folded into y': { ROWS: 2, C: 66001, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`columnSums: ${name}`, () => checkKernel(columnSums, columnSumsReference, { ...base, ...change }));
}

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 64 }), C: fc.integer({ min: 1, max: 99 }), WORKGROUP: fc.constantFrom(4, 64) },
});
test('columnSums: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(columnSums, columnSumsReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
