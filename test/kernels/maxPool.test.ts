import * as fc from 'fast-check';
import { test } from 'uvu';
import { outputSize } from '../../src/kernels/conv2d.ts';
import { type MaxPoolKnobs, maxPool, maxPoolReference } from '../../src/kernels/maxPool.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues, withNaN } from '../harness/random.ts';

const base = {
  ...{ N: 1, H: 9, W: 7, C: 8, KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1, WORKGROUP: 64 },
};

function knobs(change: Partial<MaxPoolKnobs>): MaxPoolKnobs {
  const k = { ...base, ...change };
  return { ...k, OH: outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H), OW: outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W) };
}

const cases: Record<string, Partial<MaxPoolKnobs>> = {
  control: {},
  'one element': { H: 1, W: 1, C: 1, KH: 1, KW: 1, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 0, PAD_W: 0 },
  'window larger than x': { H: 1, W: 2, KH: 3, KW: 4, PAD_W: 2 },
  'unequal windows, strides and padding': { KH: 2, KW: 5, STRIDE_H: 3, STRIDE_W: 1, PAD_H: 0, PAD_W: 2 },
  'gaps between windows': { KH: 1, KW: 2, STRIDE_H: 3, STRIDE_W: 4, PAD_H: 0 },
  batch: { N: 3, C: 5 },
  'small workgroup': { WORKGROUP: 16 },
  'a grid folded into y': {
    H: 96,
    W: 90,
    C: 8,
    KH: 1,
    KW: 1,
    STRIDE_H: 1,
    STRIDE_W: 1,
    PAD_H: 0,
    PAD_W: 0,
    WORKGROUP: 1,
  },
};
for (const [name, change] of Object.entries(cases)) {
  test(`maxPool: ${name}`, () => checkKernel(maxPool, maxPoolReference, knobs(change)));
}

test('maxPool: padding loses to negative values', () => {
  const k = knobs({});
  const x = randomValues(k.H * k.W * k.C, 3).map((v) => v - 1000);
  return checkKernel(maxPool, maxPoolReference, k, { inputs: { x } });
});

test('maxPool: -inf, the largest and the smallest floats', () => {
  const k = knobs({ C: 3 });
  const values = [Number.NEGATIVE_INFINITY, -3.4e38, 3.4e38, 1e-38, Number.NEGATIVE_INFINITY];
  const x = Float32Array.from({ length: k.H * k.W * k.C }, (_, i) => values[(i >> 4) % values.length]!);
  return checkKernel(maxPool, maxPoolReference, k, { inputs: { x } });
});

test('maxPool: NaN stays, wherever in the window it is', () => {
  const k = knobs({ C: 3 });
  const x = withNaN(randomValues(k.H * k.W * k.C, 3), 11);
  return checkKernel(maxPool, maxPoolReference, k, { inputs: { x } });
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), H: fc.integer({ min: 1, max: 12 }), W: fc.integer({ min: 1, max: 12 }) },
  ...{ C: fc.integer({ min: 1, max: 9 }), KH: fc.integer({ min: 1, max: 5 }), KW: fc.integer({ min: 1, max: 5 }) },
  ...{ STRIDE_H: fc.integer({ min: 1, max: 4 }), STRIDE_W: fc.integer({ min: 1, max: 4 }) },
  ...{ PAD_H: fc.integer({ min: 0, max: 2 }), PAD_W: fc.integer({ min: 0, max: 2 }) },
});
test('maxPool: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
      const k = knobs(shape);
      fc.pre(k.OH > 0 && k.OW > 0 && 2 * k.PAD_H <= k.KH && 2 * k.PAD_W <= k.KW);
      await checkKernel(maxPool, maxPoolReference, k, { seed });
    }),
    { numRuns: 12, seed: 7 },
  ));

test.run();
