import * as fc from 'fast-check';
import { test } from 'uvu';
import { type TopPoolKnobs, topPool, topPoolReference } from '../../src/kernels/topPool.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues, withNaN } from '../harness/random.ts';

const base: TopPoolKnobs = { N: 2, P: 49, C: 72, WORKGROUP: 16 };

for (const P of [1, 2, 3, 4, 5, 6, 196]) {
  test(`topPool: ${P} positions`, () => checkKernel(topPool, topPoolReference, { ...base, P }));
}

test('topPool: only negative values', () => {
  const x = randomValues(base.N * base.P * base.C, 5).map((v) => v - 1000);
  return checkKernel(topPool, topPoolReference, base, { inputs: { x } });
});

test('topPool: equal values count each for themselves, wherever they are', () => {
  const x = Float32Array.from({ length: base.N * base.P * base.C }, (_, i) => [3, 1, 3, 2][((i * 5) % 7) % 4]!);
  return checkKernel(topPool, topPoolReference, base, { inputs: { x } });
});

for (const P of [3, 49]) {
  test(`topPool: NaN stays, ${P} positions`, () => {
    const x = withNaN(randomValues(base.N * P * base.C, 5), 101);
    return checkKernel(topPool, topPoolReference, { ...base, P }, { inputs: { x } });
  });
}

test('topPool: a grid folded into y', () =>
  checkKernel(topPool, topPoolReference, { N: 3, P: 2, C: 4 * 22000, WORKGROUP: 1 }));

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), P: fc.integer({ min: 1, max: 40 }) },
  ...{ C: fc.integer({ min: 1, max: 10 }), WORKGROUP: fc.constantFrom(4, 64) },
});
test('topPool: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) =>
      checkKernel(topPool, topPoolReference, { ...k, C: 4 * k.C }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
