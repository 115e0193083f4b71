import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SgdKnobs, sgd, sgdReference } from '../../src/kernels/sgd.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: SgdKnobs = { QUADS: 256, INDEX: 1, MOMENTUM: 0.9, WEIGHT_DECAY: 5e-4, EACH: 4, WORKGROUP: 64 };

const check = (k: SgdKnobs, seed = 1, guard = 0) => {
  const inputs = {
    weight: randomValues(4 * k.QUADS, seed + 6),
    velocity: randomValues(4 * k.QUADS, seed + 7),
    rate: Float32Array.of(0.5, 0.002, 0.25).subarray(0, k.INDEX + 1),
    guard: Float32Array.of(guard),
  };
  return checkKernel(sgd, sgdReference, k, { inputs, seed });
};

const cases: Record<string, Partial<SgdKnobs>> = {
  control: {},
  'no momentum, no decay': { MOMENTUM: 0, WEIGHT_DECAY: 0 },
  'the first rate': { INDEX: 0 },
  'the third rate, much decay': { INDEX: 2, WEIGHT_DECAY: 0.5 },
  'one quad': { QUADS: 1 },
  'a last invocation of one quad': { QUADS: 133 },
  'one quad an invocation': { QUADS: 133, EACH: 1 },
  'a grid folded into y': { QUADS: 70001, EACH: 1, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) test(`sgd: ${name}`, () => check({ ...base, ...change }));

for (const guard of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.4e38]) {
  test(`sgd: a loss of ${guard}`, () => check(base, 1, guard));
}

test('sgd: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.nat(), (QUADS, seed) =>
      check({ ...base, QUADS, INDEX: seed % 3, EACH: 1 + (seed % 4) }, seed),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
