import * as fc from 'fast-check';
import { test } from 'uvu';
import { type MatmulScalarKnobs, matmulScalar, matmulScalarReference } from '../../src/kernels/matmulScalar.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: MatmulScalarKnobs = { M: 16, N: 20, K: 12, TRANSPOSE_A: 0, TRANSPOSE_B: 0, WORKGROUP: 64 };

const cases: Record<string, Partial<MatmulScalarKnobs>> = {
  control: {},
  'one result': { M: 1, N: 1, K: 1 },
  'one row': { M: 1, N: 131 },
  'one column': { M: 131, N: 1 },
  'every edge ragged': { M: 7, N: 26, K: 5 },
  'A transposed, every edge ragged': { M: 7, N: 26, K: 5, TRANSPOSE_A: 1 },
  'B transposed, every edge ragged': { M: 7, N: 26, K: 5, TRANSPOSE_B: 1 },
  'both transposed': { TRANSPOSE_A: 1, TRANSPOSE_B: 1 },
  'deep, as the gradient of the widest head': { M: 5, N: 9, K: 512, TRANSPOSE_B: 1 },
  'a grid folded into y': { M: 8, N: 4 * 33000, K: 1, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`matmulScalar: ${name}`, () => checkKernel(matmulScalar, matmulScalarReference, { ...base, ...change }));
}

const sizes = fc.integer({ min: 1, max: 40 });
const shapes = fc.record({
  ...{ M: sizes, N: sizes, K: sizes, WORKGROUP: fc.constantFrom(4, 64) },
  ...{ TRANSPOSE_A: fc.integer({ min: 0, max: 1 }), TRANSPOSE_B: fc.integer({ min: 0, max: 1 }) },
});
test('matmulScalar: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(matmulScalar, matmulScalarReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
