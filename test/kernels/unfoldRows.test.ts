import * as fc from 'fast-check';
import { test } from 'uvu';
import { type Conv2dGeometry, outputSize } from '../../src/kernels/conv2d.ts';
import { padRowsKnobs, unfoldRows, unfoldRowsKnobs, unfoldRowsReference } from '../../src/kernels/unfoldRows.ts';
import { checkKernel } from '../harness/kernel.ts';

type Sizes = Pick<Conv2dGeometry, 'N' | 'H' | 'W' | 'C' | 'KW' | 'STRIDE_W' | 'PAD_H' | 'PAD_W' | 'DILATION_W'>;
const base: Sizes = { N: 1, H: 1, W: 1, C: 1, KW: 1, STRIDE_W: 1, PAD_H: 0, PAD_W: 0, DILATION_W: 1 };

function check(change: Partial<Sizes>, WORKGROUP = 64): Promise<void> {
  const k = { ...base, ...change };
  const OW = outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W, k.DILATION_W);
  const geometry = { ...k, OW, K: 4, OH: 1, KH: 1, STRIDE_H: 1, DILATION_H: 1 };
  return checkKernel(unfoldRows, unfoldRowsReference, unfoldRowsKnobs(geometry, WORKGROUP));
}

test('unfoldRows: one value', () => check({}));
test('unfoldRows: a stem', () => check({ H: 9, W: 11, C: 3, KW: 7, STRIDE_W: 2, PAD_H: 3, PAD_W: 3 }));
test('unfoldRows: dilation', () => check({ N: 2, H: 3, W: 9, C: 5, KW: 3, PAD_W: 2, DILATION_W: 3 }));
test('unfoldRows: rows and columns differ', () => check({ N: 2, H: 3, W: 2, C: 4, KW: 2, PAD_W: 2 }));
test('unfoldRows: a grid folded into y', () => check({ H: 200, W: 200, C: 2, KW: 3, PAD_H: 1, PAD_W: 1 }, 1));
test('unfoldRows: rows of weights get zeros behind them', () =>
  checkKernel(unfoldRows, unfoldRowsReference, padRowsKnobs(7, 21 * 16, 24 * 16, 64)));
test('unfoldRows: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 5, maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
      ([N, H, more, C, KW], [PAD_H, PAD_W, stride, dilation]) => {
        const [STRIDE_W, DILATION_W] = [1 + stride!, 1 + dilation!];
        const W = DILATION_W * (KW! - 1) + more!;
        return check({ N, H, W, C, KW, STRIDE_W, PAD_H, PAD_W, DILATION_W });
      },
    ),
    { numRuns: 8, seed: 3 },
  ));

test.run();
