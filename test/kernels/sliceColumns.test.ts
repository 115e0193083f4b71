import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SliceColumnsKnobs, sliceColumns, sliceColumnsReference } from '../../src/kernels/sliceColumns.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: SliceColumnsKnobs = { ROWS: 6, C: 8, OFFSET: 4, TOTAL: 20, WORKGROUP: 64 };

const cases: Record<string, Partial<SliceColumnsKnobs>> = {
  control: {},
  'one element': { ROWS: 1, C: 1, OFFSET: 0, TOTAL: 1 },
  'the first columns': { OFFSET: 0 },
  'the last columns': { OFFSET: 12 },
  'odd sizes': { ROWS: 5, C: 7, OFFSET: 3, TOTAL: 11 },
  'a grid folded into y': { ROWS: 10000, C: 7, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`sliceColumns: ${name}`, () => checkKernel(sliceColumns, sliceColumnsReference, { ...base, ...change }));
}

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 20 }), C: fc.integer({ min: 1, max: 20 }) },
  ...{ OFFSET: fc.integer({ min: 0, max: 9 }), after: fc.integer({ min: 0, max: 9 }) },
});
test('sliceColumns: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), ({ after, ...shape }, seed) => {
      const k = { ...base, ...shape, TOTAL: shape.OFFSET + shape.C + after };
      return checkKernel(sliceColumns, sliceColumnsReference, k, { seed });
    }),
    { numRuns: 10, seed: 7 },
  ));

test.run();
