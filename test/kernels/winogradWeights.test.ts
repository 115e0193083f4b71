import * as fc from 'fast-check';
import { test } from 'uvu';
import { winogradWeights, winogradWeightsReference } from '../../src/kernels/winogradWeights.ts';
import { checkKernel } from '../harness/kernel.ts';

for (const TILE of [2, 4]) {
  const check = (C: number, K: number, WORKGROUP = 64, seed = 1) =>
    checkKernel(winogradWeights, winogradWeightsReference, { C, K, TILE, WORKGROUP }, { seed });

  test(`winogradWeights, tile ${TILE}: one channel, one quad`, () => check(1, 4));
  test(`winogradWeights, tile ${TILE}: several workgroups`, () => check(20, 28, 16));
  test(`winogradWeights, tile ${TILE}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9 }), fc.nat(), (c, quads, seed) =>
        check(c, 4 * quads, 64, seed),
      ),
      { numRuns: 5, seed: 7 },
    ));
}

test.run();
