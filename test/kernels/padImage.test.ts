import * as fc from 'fast-check';
import { test } from 'uvu';
import { padImage, padImageReference } from '../../src/kernels/padImage.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (n: number, h: number, w: number, from: number, to: number, padH: number, padW: number, WORKGROUP = 64) =>
  checkKernel(padImage, padImageReference, {
    N: n,
    H: h,
    W: w,
    FROM: from,
    TO: to,
    PAD_H: padH,
    PAD_W: padW,
    WORKGROUP,
  });

test('padImage: one value', () => check(1, 1, 1, 1, 1, 0, 0));
test('padImage: a stem', () => check(1, 9, 11, 3, 4, 3, 3));
test('padImage: rows and columns differ', () => check(2, 3, 2, 4, 4, 0, 2));
test('padImage: a grid folded into y', () => check(1, 200, 200, 1, 2, 1, 0, 1));
test('padImage: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
      ([n, h, w, from], [more, padH, padW]) => check(n!, h!, w!, from!, from! + more!, padH!, padW!),
    ),
    { numRuns: 8, seed: 3 },
  ));

test.run();
