import * as fc from 'fast-check';
import { test } from 'uvu';
import { type WinogradInputKnobs, winogradInput, winogradInputReference } from '../../src/kernels/winogradInput.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = { N: 1, H: 9, W: 10, C: 8, PAD_H: 1, PAD_W: 1, WORKGROUP: 64 };

for (const TILE of [2, 4]) {
  const check = (change: Partial<WinogradInputKnobs>, seed = 1) => {
    const k = { ...base, ...change };
    const knobs = { ...k, OH: k.H + 2 * k.PAD_H - 2, OW: k.W + 2 * k.PAD_W - 2, TILE };
    return checkKernel(winogradInput, winogradInputReference, knobs, { seed });
  };

  test(`winogradInput, tile ${TILE}: control`, () => check({}));
  test(`winogradInput, tile ${TILE}: no padding`, () => check({ PAD_H: 0, PAD_W: 0 }));
  test(`winogradInput, tile ${TILE}: a map of one position`, () => check({ H: 1, W: 1 }));
  test(`winogradInput, tile ${TILE}: a batch of ragged maps`, () => check({ N: 2, H: 7, W: 5, C: 12 }));
  test(`winogradInput, tile ${TILE}: wide padding`, () => check({ H: 2, W: 3, PAD_H: 3, PAD_W: 2 }));
  test(`winogradInput, tile ${TILE}: small workgroups`, () => check({ WORKGROUP: 16 }));

  const shapes = fc.record({
    ...{ N: fc.integer({ min: 1, max: 3 }), H: fc.integer({ min: 3, max: 14 }), W: fc.integer({ min: 3, max: 14 }) },
    ...{ C: fc.integer({ min: 1, max: 4 }), PAD_H: fc.integer({ min: 0, max: 2 }) },
    PAD_W: fc.integer({ min: 0, max: 2 }),
  });
  test(`winogradInput, tile ${TILE}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(), (k, seed) => check({ ...k, C: 4 * k.C }, seed)),
      { numRuns: 6, seed: 7 },
    ));
}

test.run();
