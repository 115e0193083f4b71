import * as fc from 'fast-check';
import { test } from 'uvu';
import { flipFilters, flipFiltersReference } from '../../src/kernels/flipFilters.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (TAPS: number, C: number, K: number, WORKGROUP = 64) =>
  checkKernel(flipFilters, flipFiltersReference, { TAPS, C, K, WORKGROUP });

test('flipFilters: one block', () => check(1, 4, 4));
test('flipFilters: a 3x3 window, more than a workgroup', () => check(9, 20, 68));
test('flipFilters: a grid folded into y', () => check(1, 1100, 1000, 1));
test('flipFilters: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (taps, c, k) => check(taps, 4 * c, 4 * k),
    ),
    { numRuns: 8, seed: 3 },
  ));

test.run();
