import * as fc from 'fast-check';
import { test } from 'uvu';
import { filtersLast, filtersLastReference } from '../../src/kernels/filtersLast.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (K: number, C: number, T: number) => checkKernel(filtersLast, filtersLastReference, { K, C, T });

test('filtersLast: one value', () => check(1, 1, 1));
test('filtersLast: the stem', () => check(64, 3, 49));
test('filtersLast: a 3x3 window', () => check(68, 20, 9));
test('filtersLast: a matrix', () => check(130, 515, 1));
test('filtersLast: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 140 }),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 10 }),
      check,
    ),
    { numRuns: 8, seed: 5 },
  ));

test.run();
