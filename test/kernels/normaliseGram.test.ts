import * as fc from 'fast-check';
import { test } from 'uvu';
import { type NormaliseGramKnobs, normaliseGram, normaliseGramReference } from '../../src/kernels/normaliseGram.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: NormaliseGramKnobs = { MATRICES: 3, C: 12, SCALE: 10, WORKGROUP: 16 };

/** Products of `C` channels over 7 positions, `scale` the size of their values. */
function products(k: NormaliseGramKnobs, seed: number, scale = 1): Float32Array {
  const x = new Float32Array(k.MATRICES * k.C * k.C);
  for (let m = 0; m < k.MATRICES; m++) {
    const channels = randomValues(k.C * 7, seed + m, scale);
    for (let i = 0; i < k.C; i++)
      for (let j = 0; j < k.C; j++)
        for (let p = 0; p < 7; p++) x[(m * k.C + i) * k.C + j]! += channels[i * 7 + p]! * channels[j * 7 + p]!;
  }
  return x;
}

const check = (k: NormaliseGramKnobs, x: Float32Array) =>
  checkKernel(normaliseGram, normaliseGramReference, k, { inputs: { x } });

test('normaliseGram: control', () => check(base, products(base, 1)));
test('normaliseGram: negative scale', () => check({ ...base, SCALE: -0.5 }, products(base, 1)));
test('normaliseGram: large values', () => check(base, products(base, 1, 1e8)));
test('normaliseGram: norms under 1e-12 count as 1e-12', () => check(base, products(base, 1, 1e-13)));

test('normaliseGram: a channel of zeros gives zeros', () => {
  const x = products(base, 1);
  for (let i = 0; i < base.C; i++) {
    x[2 * base.C + i] = 0;
    x[i * base.C + 2] = 0;
  }
  return check(base, x);
});

test('normaliseGram: a grid folded into y', () => {
  const k = { ...base, MATRICES: 33000, C: 2, WORKGROUP: 1 };
  return check(k, products(k, 1));
});

const shapes = fc.record({
  ...{ MATRICES: fc.integer({ min: 1, max: 5 }), C: fc.integer({ min: 1, max: 20 }) },
  ...{ SCALE: fc.constantFrom(1, 10, -2.5), WORKGROUP: fc.constantFrom(4, 64) },
});
test('normaliseGram: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check(k, products(k, seed))),
    { numRuns: 10, seed: 7 },
  ));

test.run();
