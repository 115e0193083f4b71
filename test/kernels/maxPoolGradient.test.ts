// maxPoolIndices and maxPoolGradient, the two halves of one gradient.

import * as fc from 'fast-check';
import { test } from 'uvu';
import { outputSize } from '../../src/kernels/conv2d.ts';
import type { MaxPoolKnobs } from '../../src/kernels/maxPool.ts';
import { maxPoolGradient, maxPoolGradientReference } from '../../src/kernels/maxPoolGradient.ts';
import { maxPoolIndices, maxPoolIndicesReference } from '../../src/kernels/maxPoolIndices.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base = {
  ...{ N: 1, H: 9, W: 7, C: 8, KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1, WORKGROUP: 64 },
};
const one = { KH: 1, KW: 1, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 0, PAD_W: 0 };

function knobs(change: Partial<MaxPoolKnobs>): MaxPoolKnobs {
  const k = { ...base, ...change };
  return { ...k, OH: outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H), OW: outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W) };
}

async function check(k: MaxPoolKnobs, seed = 1, values = randomValues(k.N * k.H * k.W * k.C, seed)): Promise<void> {
  await checkKernel(maxPoolIndices, maxPoolIndicesReference, k, { inputs: { x: values }, exact: true });
  const indices = Uint32Array.from(maxPoolIndicesReference({ x: values }, k).y!);
  await checkKernel(maxPoolGradient, maxPoolGradientReference, k, { inputs: { indices }, seed });
}

const cases: Record<string, Partial<MaxPoolKnobs>> = {
  control: {},
  'one element': { H: 1, W: 1, C: 1, ...one },
  'window larger than x': { H: 1, W: 2, KH: 3, KW: 4, PAD_W: 2 },
  'unequal windows, strides and padding': { KH: 2, KW: 5, STRIDE_H: 3, STRIDE_W: 1, PAD_H: 0, PAD_W: 2 },
  'gaps between windows': { KH: 1, KW: 2, STRIDE_H: 3, STRIDE_W: 4, PAD_H: 0 },
  batch: { N: 3, C: 5 },
  'a grid folded into y': { H: 96, W: 90, ...one, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) test(`maxPoolGradient: ${name}`, () => check(knobs(change)));

test('maxPoolGradient: of equal values the first in row-major order has it all', () => {
  const k = knobs({});
  const values = Float32Array.from({ length: k.H * k.W * k.C }, (_, i) => [0, 0, 2, 2][((i * 5) % 7) % 4]!);
  return check(k, 1, values);
});

test('maxPoolGradient: nothing but zeros, and nothing but -inf', async () => {
  const k = knobs({});
  await check(k, 1, new Float32Array(k.H * k.W * k.C));
  await check(k, 1, new Float32Array(k.H * k.W * k.C).fill(Number.NEGATIVE_INFINITY));
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), H: fc.integer({ min: 1, max: 12 }), W: fc.integer({ min: 1, max: 12 }) },
  ...{ C: fc.integer({ min: 1, max: 9 }), KH: fc.integer({ min: 1, max: 5 }), KW: fc.integer({ min: 1, max: 5 }) },
  ...{ STRIDE_H: fc.integer({ min: 1, max: 4 }), STRIDE_W: fc.integer({ min: 1, max: 4 }) },
  ...{ PAD_H: fc.integer({ min: 0, max: 2 }), PAD_W: fc.integer({ min: 0, max: 2 }) },
});
test('maxPoolGradient: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
      const k = knobs(shape);
      fc.pre(k.OH > 0 && k.OW > 0 && 2 * k.PAD_H <= k.KH && 2 * k.PAD_W <= k.KW);
      await check(k, seed);
    }),
    { numRuns: 12, seed: 7 },
  ));

test.run();
