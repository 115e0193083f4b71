import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SoftmaxKnobs, softmaxReference } from '../../src/kernels/softmax.ts';
import { softmaxGradient, softmaxGradientReference } from '../../src/kernels/softmaxGradient.ts';
import { checkKernel, type KernelCase } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: SoftmaxKnobs = { OUTER: 6, SIZE: 37, INNER: 5, LOG: 0, LINES: 16, SLICES: 1 };

/** y is a softmax of values in [-4, 4), or its logarithm. */
function check(k: SoftmaxKnobs, seed = 1): Promise<void> {
  const y = Float32Array.from(softmaxReference({ x: randomValues(k.OUTER * k.SIZE * k.INNER, seed, 4) }, k).y!);
  const weight = (i: number) => (k.LOG ? 1 : y[i]!);
  /** y |dy| + y sum or |dy| + exp(y) sum, where the reference subtracts. */
  const sums: KernelCase['sums'] = ({ dy }) => {
    const { dx } = softmaxGradientReference({ dy: dy!, y }, k);
    return { dx: dx!.map((v, i) => 2 * weight(i) * dy![i]! - v) };
  };
  return checkKernel(softmaxGradient, softmaxGradientReference, k, { inputs: { y }, seed, sums });
}

const cases: Record<string, Partial<SoftmaxKnobs>> = {
  control: {},
  'one element': { OUTER: 1, SIZE: 1, INNER: 1 },
  'over the last axis': { OUTER: 21, INNER: 1 },
  'over the first axis': { OUTER: 1, INNER: 70 },
  'a line of 3136': { OUTER: 1, SIZE: 3136, INNER: 1 },
};
for (const LOG of [0, 1]) {
  for (const [name, change] of Object.entries(cases)) {
    for (const split of [
      { LINES: 16, SLICES: 1 },
      { LINES: 2, SLICES: 8 },
    ]) {
      test(`softmaxGradient: ${name}, ${LOG ? 'log, ' : ''}${split.SLICES} slices`, () =>
        check({ ...base, LOG, ...change, ...split }));
    }
  }
}

test('softmaxGradient: the split that GPUs get', () =>
  check({ ...base, OUTER: 3, SIZE: 100, INNER: 1, LINES: 1, SLICES: 64 }));

test('softmaxGradient: a grid folded into y', () => check({ ...base, OUTER: 33000, SIZE: 2, INNER: 2, LINES: 1 }));

const shapes = fc.record({
  ...{ OUTER: fc.integer({ min: 1, max: 9 }), SIZE: fc.integer({ min: 1, max: 60 }) },
  ...{ INNER: fc.integer({ min: 1, max: 9 }), LOG: fc.integer({ min: 0, max: 1 }) },
  ...{ LINES: fc.constantFrom(1, 4, 16), SLICES: fc.constantFrom(1, 2, 7) },
});
test('softmaxGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check(k, seed)),
    { numRuns: 10, seed: 7 },
  ));

test.run();
