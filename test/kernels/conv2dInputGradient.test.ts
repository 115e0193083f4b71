import * as fc from 'fast-check';
import { test } from 'uvu';
import { outputSize } from '../../src/kernels/conv2d.ts';
import {
  conv2dInputGradient,
  conv2dInputGradientReference,
  type InputGradientKnobs,
} from '../../src/kernels/conv2dInputGradient.ts';
import { conv2dInputGradientQuad } from '../../src/kernels/conv2dInputGradientQuad.ts';
import { conv2dInputGradientTiled } from '../../src/kernels/conv2dInputGradientTiled.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = {
  ...{ N: 1, H: 7, W: 6, C: 8, K: 12, KH: 3, KW: 3, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1, RESIDUAL: 0 },
};

function knobs(change: Partial<InputGradientKnobs>): InputGradientKnobs {
  const k = { ...base, ...change };
  const OH = outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H, k.DILATION_H);
  const OW = outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W, k.DILATION_W);
  return { ...k, OH, OW };
}

type Check = (change: Partial<InputGradientKnobs>, seed?: number, WORKGROUP?: number, LOW?: number) => Promise<void>;
const scalar: Check = (change, seed = 1, WORKGROUP = 64) =>
  checkKernel(conv2dInputGradient, conv2dInputGradientReference, { ...knobs(change), WORKGROUP }, { seed });
const quad: Check = (change, seed = 1, WORKGROUP = 64, LOW = 0) => {
  const k = knobs(change);
  const PLAIN = Number(k.KH * k.KW * k.STRIDE_H * k.STRIDE_W === 1 && k.PAD_H + k.PAD_W === 0);
  return checkKernel(conv2dInputGradientQuad, conv2dInputGradientReference, { ...k, PLAIN, LOW, WORKGROUP }, { seed });
};
const tiled: Check = (change, seed = 1) =>
  checkKernel(conv2dInputGradientTiled, conv2dInputGradientReference, knobs(change), { seed });

const pointwise = { KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 };
const cases: Record<string, Partial<InputGradientKnobs>> = {
  control: {},
  'one position, one channel quad': { H: 1, W: 1, C: 4, K: 4, ...pointwise },
  'pointwise, more than a tile in every direction': { H: 9, W: 9, C: 68, K: 76, ...pointwise },
  'pointwise, stride 2: most of dx is 0': { H: 9, W: 7, ...pointwise, STRIDE_H: 2, STRIDE_W: 2 },
  'no padding: dx ends behind the last window': { H: 8, PAD_H: 0, PAD_W: 0 },
  'stride 2, batch': { N: 3, STRIDE_H: 2, STRIDE_W: 2 },
  'stride 2, 7x7': { H: 12, W: 13, KH: 7, KW: 7, PAD_H: 3, PAD_W: 3, STRIDE_H: 2, STRIDE_W: 2 },
  'stride wider than the window': { H: 11, KH: 2, STRIDE_H: 3, STRIDE_W: 3 },
  'strides and dilations with and without a common divisor': {
    ...{ H: 13, W: 14, STRIDE_H: 2, STRIDE_W: 3, PAD_H: 0, PAD_W: 2, DILATION_H: 2, DILATION_W: 2 },
  },
  'padding wider than the window': { KH: 1, KW: 2, PAD_H: 3, PAD_W: 4 },
  residual: { RESIDUAL: 1 },
  'residual, stride 2': { RESIDUAL: 1, STRIDE_H: 2, STRIDE_W: 2 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`conv2dInputGradientQuad: ${name}`, () => quad(change));
  test(`conv2dInputGradientQuad, low tiles: ${name}`, () => quad(change, 1, 64, 1));
  test(`conv2dInputGradientTiled: ${name}`, () => tiled(change));
  test(`conv2dInputGradient: ${name}`, () => scalar(change));
}
test('conv2dInputGradientQuad: small workgroup', () => quad({}, 1, 16));
for (const [C, K] of [
  [3, 5],
  [1, 1],
  [5, 8],
  [4, 6],
] as const) {
  test(`conv2dInputGradient: ${C} -> ${K} channels`, () => scalar({ C, K, RESIDUAL: 1 }));
}

const integer = (min: number, max: number) => fc.integer({ min, max });
const shapes = fc.record({
  ...{ N: integer(1, 3), H: integer(1, 12), W: integer(1, 12), C: integer(1, 9), K: integer(1, 9) },
  ...{ KH: integer(1, 4), KW: integer(1, 4), STRIDE_H: integer(1, 3), STRIDE_W: integer(1, 3) },
  ...{ PAD_H: integer(0, 3), PAD_W: integer(0, 3), DILATION_H: integer(1, 2), DILATION_W: integer(1, 2) },
  ...{ RESIDUAL: integer(0, 1) },
});
for (const [check, channels, numRuns] of [
  [quad, 4, 12],
  [tiled, 4, 5], // each is another pipeline
  [scalar, 1, 12],
] as const) {
  test(`conv2dInputGradient, ${check.name}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
        const { OH, OW } = knobs(shape);
        fc.pre(OH > 0 && OW > 0);
        await check({ ...shape, C: channels * shape.C, K: channels * shape.K }, seed);
      }),
      { numRuns, seed: 7 },
    ));
}

test.run();
