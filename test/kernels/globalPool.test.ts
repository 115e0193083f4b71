import * as fc from 'fast-check';
import { test } from 'uvu';
import { type GlobalPoolKnobs, globalPool, globalPoolReference } from '../../src/kernels/globalPool.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues, withNaN } from '../harness/random.ts';

const base: GlobalPoolKnobs = { N: 2, P: 49, C: 72, MAXIMUM: 0, CHANNELS: 16, SLICES: 1 };

const cases: Record<string, Partial<GlobalPoolKnobs>> = {
  control: {},
  'one element': { N: 1, P: 1, C: 1 },
  'one position': { P: 1 },
  'more positions than f32 sums carelessly': { N: 1, P: 3136, C: 5 },
  'a grid folded into y': { N: 3, P: 2, C: 22000, CHANNELS: 1 },
};
for (const MAXIMUM of [0, 1]) {
  for (const SLICES of [1, 16]) {
    for (const [name, change] of Object.entries(cases)) {
      if (change.CHANNELS === 1 && SLICES > 1) continue; // a barrier in 66000 workgroups is slow in software
      const k = { ...base, SLICES, MAXIMUM, ...change };
      test(`globalPool: ${name}, ${MAXIMUM ? 'maximum' : 'mean'}, ${SLICES} slices`, () =>
        checkKernel(globalPool, globalPoolReference, k));
    }
  }

  test(`globalPool: only negative values, ${MAXIMUM ? 'maximum' : 'mean'}, more slices than positions`, () => {
    const k = { ...base, MAXIMUM, P: 3, SLICES: 8 };
    const x = randomValues(k.N * k.P * k.C, 5).map((v) => v - 1000);
    return checkKernel(globalPool, globalPoolReference, k, { inputs: { x } });
  });

  for (const SLICES of [1, 16]) {
    test(`globalPool: NaN stays, ${MAXIMUM ? 'maximum' : 'mean'}, ${SLICES} slices`, () => {
      const k = { ...base, MAXIMUM, SLICES };
      const x = withNaN(randomValues(k.N * k.P * k.C, 5), 101);
      return checkKernel(globalPool, globalPoolReference, k, { inputs: { x } });
    });
  }
}

test('globalPool: maximum of -inf and the largest floats', () => {
  const k = { ...base, MAXIMUM: 1, P: 4, C: 5, SLICES: 4 };
  const values = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, -3.4e38, 3.4e38];
  const x = Float32Array.from({ length: k.N * k.P * k.C }, (_, i) => values[(i * 7) % (3 + (i % 2))]!);
  x.forEach((_, i) => {
    if (i % k.C === 0) x[i] = Number.NEGATIVE_INFINITY; // a channel with nothing else
  });
  return checkKernel(globalPool, globalPoolReference, k, { inputs: { x } });
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), P: fc.integer({ min: 1, max: 40 }), C: fc.integer({ min: 1, max: 40 }) },
  ...{
    MAXIMUM: fc.integer({ min: 0, max: 1 }),
    CHANNELS: fc.constantFrom(1, 4, 16),
    SLICES: fc.integer({ min: 1, max: 9 }),
  },
});
test('globalPool: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(globalPool, globalPoolReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
