import * as fc from 'fast-check';
import { test } from 'uvu';
import { globalPoolReference } from '../../src/kernels/globalPool.ts';
import {
  type GlobalPoolGradientKnobs,
  globalPoolGradient,
  globalPoolGradientReference,
} from '../../src/kernels/globalPoolGradient.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: GlobalPoolGradientKnobs = { N: 2, P: 49, C: 70, MAXIMUM: 0, WORKGROUP: 64 };

function check(k: GlobalPoolGradientKnobs, seed = 1, x = randomValues(k.N * k.P * k.C, seed)): Promise<void> {
  const y = Float32Array.from(globalPoolReference({ x }, { ...k, CHANNELS: 1, SLICES: 1 }).y!);
  const inputs: Record<string, Float32Array> = k.MAXIMUM ? { x, y } : {};
  return checkKernel(globalPoolGradient, globalPoolGradientReference, k, { inputs, seed });
}

const cases: Record<string, Partial<GlobalPoolGradientKnobs>> = {
  control: {},
  'one element': { N: 1, P: 1, C: 1 },
  'one position': { P: 1 },
  'many positions': { N: 1, P: 3136, C: 5 },
  'a grid folded into y': { N: 3, P: 2, C: 22000, WORKGROUP: 1 },
};
for (const MAXIMUM of [0, 1]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`globalPoolGradient: ${name}, ${MAXIMUM ? 'maximum' : 'mean'}`, () => check({ ...base, MAXIMUM, ...change }));
  }
}

test('globalPoolGradient: of equal maxima the first has it all', () => {
  const k = { ...base, MAXIMUM: 1 };
  return check(
    k,
    1,
    Float32Array.from({ length: k.N * k.P * k.C }, (_, i) => [0, 3, 1, 3][((i * 5) % 7) % 4]!),
  );
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), P: fc.integer({ min: 1, max: 40 }), C: fc.integer({ min: 1, max: 40 }) },
  ...{ MAXIMUM: fc.integer({ min: 0, max: 1 }), WORKGROUP: fc.constantFrom(4, 64) },
});
test('globalPoolGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check(k, seed)),
    { numRuns: 10, seed: 7 },
  ));

test.run();
