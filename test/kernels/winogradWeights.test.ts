import * as fc from 'fast-check';
import { test } from 'uvu';
import { winogradWeights, winogradWeightsReference } from '../../src/kernels/winogradWeights.ts';
import { checkKernel } from '../harness/kernel.ts';

for (const TILE of [2, 4]) {
  const check = async (C: number, K: number, WORKGROUP = 64, seed = 1) => {
    const lastK = { STEP_T: C * K, STEP_C: K, STEP_K: 1 };
    const asInFiles = { STEP_T: 1, STEP_C: 9, STEP_K: 9 * C };
    for (const steps of [lastK, asInFiles]) {
      for (const PACKED of C % 4 === 0 ? [0, 1] : [0]) {
        const knobs = { C, K, ...steps, TILE, PACKED, WORKGROUP };
        await checkKernel(winogradWeights, winogradWeightsReference, knobs, { seed });
      }
    }
  };

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
