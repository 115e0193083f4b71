import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SoftmaxKnobs, softmax, softmaxReference } from '../../src/kernels/softmax.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: SoftmaxKnobs = { OUTER: 6, SIZE: 37, INNER: 5, LOG: 0, LINES: 16, SLICES: 1 };

const cases: Record<string, Partial<SoftmaxKnobs>> = {
  control: {},
  'one element': { OUTER: 1, SIZE: 1, INNER: 1 },
  'over the last axis': { OUTER: 21, INNER: 1 },
  'over the first axis': { OUTER: 1, INNER: 70 },
  'a line of 4096': { OUTER: 1, SIZE: 4096, INNER: 1 },
};
for (const LOG of [0, 1]) {
  for (const [name, change] of Object.entries(cases)) {
    for (const split of [
      { LINES: 16, SLICES: 1 },
      { LINES: 2, SLICES: 8 },
    ]) {
      if (LOG && split.SLICES > 1) continue; // the same code up to the last line
      const k = { ...base, LOG, ...change, ...split };
      const x = randomValues(k.OUTER * k.SIZE * k.INNER, 1, 10); // a range of 20, as the tolerance says
      test(`softmax: ${name}, ${LOG ? 'log, ' : ''}${k.SLICES} slices`, () =>
        checkKernel(softmax, softmaxReference, k, { inputs: { x } }));
    }
  }

  test(`softmax: the split that GPUs get${LOG ? ', log' : ''}`, () =>
    checkKernel(softmax, softmaxReference, { ...base, LOG, OUTER: 3, SIZE: 100, INNER: 1, LINES: 1, SLICES: 64 }));

  test(`softmax: huge, equal and -inf values${LOG ? ', log' : ''}`, async () => {
    const inf = Number.NEGATIVE_INFINITY;
    const rows = [
      [1e4, -1e4, 9999, 1e4],
      [-1e4, -1e4, -1e4, -1e4],
      [1.5e38, 1.5e38, -1.5e38, 0],
      [inf, 2, inf, 2],
      [0, 0, 0, 0],
    ];
    for (const SLICES of [1, 3]) {
      const k = { ...base, LOG, OUTER: rows.length, SIZE: 4, INNER: 1, LINES: 4, SLICES };
      await checkKernel(softmax, softmaxReference, k, { inputs: { x: Float32Array.from(rows.flat()) } });
    }
  });
}

test('softmax: a grid folded into y', () =>
  checkKernel(softmax, softmaxReference, { ...base, OUTER: 33000, SIZE: 2, INNER: 2, LINES: 1 }));

const shapes = fc.record({
  ...{
    OUTER: fc.integer({ min: 1, max: 9 }),
    SIZE: fc.integer({ min: 1, max: 60 }),
    INNER: fc.integer({ min: 1, max: 9 }),
  },
  ...{ LOG: fc.integer({ min: 0, max: 1 }), LINES: fc.constantFrom(1, 4, 16), SLICES: fc.constantFrom(1, 2, 7) },
});
test('softmax: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => checkKernel(softmax, softmaxReference, k, { seed })),
    { numRuns: 10, seed: 7 },
  ));

test.run();
