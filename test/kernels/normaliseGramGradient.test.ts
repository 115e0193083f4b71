import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type NormaliseGramKnobs, normaliseGramReference } from '../../src/kernels/normaliseGram.ts';
import { normaliseGramGradient, normaliseGramGradientReference } from '../../src/kernels/normaliseGramGradient.ts';
import { checkKernel, type KernelCase } from '../harness/kernel.ts';
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

function check(k: NormaliseGramKnobs, x: Float32Array, seed = 1): Promise<void> {
  // The reference subtracts the norms' part from the other, the factors y / x times dy: their sum instead.
  const sums: KernelCase['sums'] = ({ dy, x: magnitudes }) => {
    const all = { ...k, SCALE: Math.abs(k.SCALE) };
    const { dx } = normaliseGramGradientReference({ dy: dy!, x: magnitudes! }, all);
    const { y } = normaliseGramReference({ x: magnitudes! }, all);
    return { dx: dx!.map((v, i) => 2 * (y![i]! / magnitudes![i]! || 0) * dy![i]! - v) };
  };
  return checkKernel(normaliseGramGradient, normaliseGramGradientReference, k, { inputs: { x }, seed, sums });
}

test('normaliseGramGradient: the reference agrees with finite differences of normaliseGram', () => {
  const k = { ...base, MATRICES: 1, C: 5 };
  const x = Float64Array.from(products(k, 1));
  const dy = randomValues(25, 2);
  const loss = (values: Float64Array) =>
    normaliseGramReference({ x: values }, k).y!.reduce((s, v, i) => s + v * dy[i]!, 0);
  const { dx } = normaliseGramGradientReference({ dy, x }, k);
  for (const i of x.keys()) {
    const moved = (by: number) => loss(x.map((v, j) => (j === i ? v + by : v)));
    const expected = (moved(1e-5) - moved(-1e-5)) / 2e-5;
    assert.ok(Math.abs(dx![i]! - expected) < 1e-6 * Math.max(1, Math.abs(expected)), `${i}: ${dx![i]}, ${expected}`);
  }
});

test('normaliseGramGradient: control', () => check(base, products(base, 1)));
test('normaliseGramGradient: one channel', () => check({ ...base, C: 1 }, products({ ...base, C: 1 }, 1)));
test('normaliseGramGradient: negative scale', () => check({ ...base, SCALE: -0.5 }, products(base, 1)));
test('normaliseGramGradient: large values', () => check(base, products(base, 1, 1e8)));
test('normaliseGramGradient: norms under 1e-12 count as 1e-12', () => check(base, products(base, 1, 1e-13)));

test('normaliseGramGradient: a channel of zeros', () => {
  const x = products(base, 1);
  for (let i = 0; i < base.C; i++) {
    x[2 * base.C + i] = 0;
    x[i * base.C + 2] = 0;
  }
  return check(base, x);
});

test('normaliseGramGradient: a grid folded into y', () => {
  const k = { ...base, MATRICES: 33000, C: 2, WORKGROUP: 1 };
  return check(k, products(k, 1));
});

const shapes = fc.record({
  ...{ MATRICES: fc.integer({ min: 1, max: 5 }), C: fc.integer({ min: 1, max: 20 }) },
  ...{ SCALE: fc.constantFrom(1, 10, -2.5), WORKGROUP: fc.constantFrom(4, 64) },
});
test('normaliseGramGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check(k, products(k, seed), seed)),
    { numRuns: 10, seed: 7 },
  ));

test.run();
