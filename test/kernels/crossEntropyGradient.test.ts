import * as fc from 'fast-check';
import { test } from 'uvu';
import type { CrossEntropyKnobs } from '../../src/kernels/crossEntropy.ts';
import { crossEntropyGradient, crossEntropyGradientReference } from '../../src/kernels/crossEntropyGradient.ts';
import { checkKernel } from '../harness/kernel.ts';
import { random, randomValues } from '../harness/random.ts';

const base: CrossEntropyKnobs = { N: 8, K: 37, WEIGHT: 1, SMOOTHING: 0, LINES: 64, LANES: 1 };

/** Logits in a range of 20, as the tolerance says. */
const check = (k: CrossEntropyKnobs, seed = 1, logits = randomValues(k.N * k.K, seed, 10)) => {
  const next = random(seed + 5);
  const labels = Uint32Array.from({ length: k.N }, () => Math.floor(next() * k.K));
  return checkKernel(crossEntropyGradient, crossEntropyGradientReference, k, { inputs: { logits, labels }, seed });
};

const cases: Record<string, Partial<CrossEntropyKnobs>> = {
  control: {},
  'one class': { K: 1 },
  'one row': { N: 1 },
  'fewer classes than lanes': { K: 3 },
  smoothing: { SMOOTHING: 0.1 },
  'all smoothed away': { SMOOTHING: 1 },
  'a weight': { WEIGHT: 2, SMOOTHING: 0.1 },
  'more rows than a workgroup has lines': { N: 70 },
};
for (const split of [
  { LINES: 64, LANES: 1 },
  { LINES: 1, LANES: 64 },
  { LINES: 4, LANES: 8 },
]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`crossEntropyGradient: ${name}, ${split.LANES} lanes`, () => check({ ...base, ...change, ...split }));
  }
}

test('crossEntropyGradient: logits of a thousand, and all equal', async () => {
  const k = { ...base, N: 3, K: 4, SMOOTHING: 0 };
  await check(k, 1, Float32Array.of(1000, -1000, 999, 1000, -1e4, -1e4, -1e4, -1e4, 3e38, 3e38, 3e38, 3e38));
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 20 }), K: fc.integer({ min: 1, max: 90 }), WEIGHT: fc.constantFrom(1, 2) },
  ...{ SMOOTHING: fc.constantFrom(0, 0.1), LANES: fc.constantFrom(1, 8) },
});
test('crossEntropyGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check({ ...base, LINES: 4, ...k }, seed)),
    { numRuns: 12, seed: 7 },
  ));

test.run();
