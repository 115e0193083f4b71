import * as fc from 'fast-check';
import { test } from 'uvu';
import { padRows, padRowsReference } from '../../src/kernels/padRows.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (ROWS: number, FROM: number, TO: number, WORKGROUP = 64) =>
  checkKernel(padRows, padRowsReference, { ROWS, FROM, TO, WORKGROUP });

test('padRows: one value', () => check(1, 1, 1));
test('padRows: an image', () => check(35, 3, 4));
test('padRows: weights', () => check(9, 3 * 64, 4 * 64));
test('padRows: a grid folded into y', () => check(40_000, 1, 2, 1));
test('padRows: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 5 }),
      (rows, from, more) => check(rows, from, from + more),
    ),
    { numRuns: 8, seed: 3 },
  ));

test.run();
