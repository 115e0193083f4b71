import * as fc from 'fast-check';
import { test } from 'uvu';
import { addSlices, addSlicesReference } from '../../src/kernels/addSlices.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (SLICES: number, SIZE: number, WORKGROUP = 64, seed = 1) =>
  checkKernel(addSlices, addSlicesReference, { SLICES, SIZE, WORKGROUP }, { seed });

test('addSlices: one slice of one vec4', () => check(1, 4));
test('addSlices: several, more than a workgroup', () => check(5, 1300));
test('addSlices: a grid folded into y', () => check(2, 300_000, 1));
test('addSlices: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 200 }),
      fc.nat(),
      (slices, quads, seed) => check(slices, 4 * quads, 64, seed),
    ),
    { numRuns: 8, seed: 3 },
  ));

test.run();
