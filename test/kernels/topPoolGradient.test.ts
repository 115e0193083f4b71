import * as fc from 'fast-check';
import { test } from 'uvu';
import type { TopPoolKnobs } from '../../src/kernels/topPool.ts';
import { topPoolGradient, topPoolGradientReference } from '../../src/kernels/topPoolGradient.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: TopPoolKnobs = { N: 2, P: 49, C: 72, WORKGROUP: 16 };

for (const P of [1, 2, 3, 4, 5, 6, 196]) {
  test(`topPoolGradient: ${P} positions`, () => checkKernel(topPoolGradient, topPoolGradientReference, { ...base, P }));
}

test('topPoolGradient: of equal values the first count', async () => {
  const length = base.N * base.P * base.C;
  const few = Float32Array.from({ length }, (_, i) => [3, 1, 3, 2][((i * 5) % 7) % 4]!);
  await checkKernel(topPoolGradient, topPoolGradientReference, base, { inputs: { x: few } });
  await checkKernel(topPoolGradient, topPoolGradientReference, base, { inputs: { x: new Float32Array(length) } });
  const rare = Float32Array.from({ length }, (_, i) => (i % 11 === 0 ? 1 : 0)); // 4 or 5 above the equals
  await checkKernel(topPoolGradient, topPoolGradientReference, base, { inputs: { x: rare } });
});

test('topPoolGradient: a grid folded into y', () =>
  checkKernel(topPoolGradient, topPoolGradientReference, { N: 3, P: 2, C: 4 * 22000, WORKGROUP: 1 }));

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), P: fc.integer({ min: 1, max: 40 }) },
  ...{ C: fc.integer({ min: 1, max: 10 }), WORKGROUP: fc.constantFrom(4, 64) },
});
test('topPoolGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) =>
      checkKernel(topPoolGradient, topPoolGradientReference, { ...k, C: 4 * k.C }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
