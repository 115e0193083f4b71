import * as fc from 'fast-check';
import { test } from 'uvu';
import { activations } from '../../src/kernels/kernel.ts';
import { type WinogradOutputKnobs, winogradOutput, winogradOutputReference } from '../../src/kernels/winogradOutput.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = { N: 1, OH: 8, OW: 8, K: 8, RESIDUAL: 0, ACTIVATION: 0, WORKGROUP: 64 };

for (const TILE of [2, 4]) {
  const check = (change: Partial<WinogradOutputKnobs>, seed = 1) =>
    checkKernel(winogradOutput, winogradOutputReference, { ...base, ...change, TILE }, { seed });

  test(`winogradOutput, tile ${TILE}: control`, () => check({}));
  test(`winogradOutput, tile ${TILE}: one position`, () => check({ OH: 1, OW: 1, K: 4 }));
  test(`winogradOutput, tile ${TILE}: a batch of ragged maps`, () => check({ N: 2, OH: 7, OW: 9, K: 12 }));
  test(`winogradOutput, tile ${TILE}: residual, relu, small workgroups`, () =>
    check({ RESIDUAL: 1, ACTIVATION: activations.relu, WORKGROUP: 16 }));
  test(`winogradOutput, tile ${TILE}: elu`, () => check({ ACTIVATION: activations.elu }));

  const shapes = fc.record({
    ...{ N: fc.integer({ min: 1, max: 3 }), OH: fc.integer({ min: 1, max: 13 }), OW: fc.integer({ min: 1, max: 13 }) },
    ...{ K: fc.integer({ min: 1, max: 4 }), RESIDUAL: fc.integer({ min: 0, max: 1 }) },
    ACTIVATION: fc.integer({ min: 0, max: 2 }),
  });
  test(`winogradOutput, tile ${TILE}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(), (k, seed) => check({ ...k, K: 4 * k.K }, seed)),
      { numRuns: 6, seed: 7 },
    ));
}

test.run();
