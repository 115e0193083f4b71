import * as fc from 'fast-check';
import { test } from 'uvu';
import { type AccumulateKnobs, accumulate, accumulateReference } from '../../src/kernels/accumulate.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: AccumulateKnobs = { QUADS: 256, EACH: 4, WORKGROUP: 64 };

const check = (k: AccumulateKnobs, keep: number, seed = 1, sum = randomValues(4 * k.QUADS, seed + 6)) =>
  checkKernel(accumulate, accumulateReference, k, { inputs: { sum, keep: Float32Array.of(keep) }, seed });

const cases: Record<string, Partial<AccumulateKnobs>> = {
  control: {},
  'one quad': { QUADS: 1 },
  'a last invocation of one quad': { QUADS: 133 },
  'one quad an invocation': { QUADS: 133, EACH: 1 },
  'a grid folded into y': { QUADS: 70001, EACH: 1, WORKGROUP: 1 },
};
for (const keep of [0, 1]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`accumulate: ${name}, keep ${keep}`, () => check({ ...base, ...change }, keep));
  }
}

test('accumulate: NaN in the sum is gone when it starts anew', () =>
  check(base, 0, 1, new Float32Array(4 * base.QUADS).fill(Number.NaN)));

test('accumulate: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.nat(), (QUADS, seed) =>
      check({ ...base, QUADS, EACH: 1 + (seed % 4) }, seed % 2, seed),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
