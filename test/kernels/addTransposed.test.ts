import * as fc from 'fast-check';
import { test } from 'uvu';
import { type AddTransposedKnobs, addTransposed, addTransposedReference } from '../../src/kernels/addTransposed.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: AddTransposedKnobs = { MATRICES: 3, C: 12, WORKGROUP: 64 };

const cases: Record<string, Partial<AddTransposedKnobs>> = {
  control: {},
  'one element': { MATRICES: 1, C: 1 },
  'odd sizes': { MATRICES: 5, C: 7 },
  'a grid folded into y': { MATRICES: 33000, C: 2, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`addTransposed: ${name}`, () => checkKernel(addTransposed, addTransposedReference, { ...base, ...change }));
}

const shapes = fc.record({
  ...{
    MATRICES: fc.integer({ min: 1, max: 5 }),
    C: fc.integer({ min: 1, max: 20 }),
    WORKGROUP: fc.constantFrom(4, 64),
  },
});
test('addTransposed: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(addTransposed, addTransposedReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
