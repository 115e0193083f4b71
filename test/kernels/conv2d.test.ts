import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Conv2dKnobs, conv2d, conv2dReference, outputSize } from '../../src/kernels/conv2d.ts';
import { conv2dQuad, conv2dQuadKnobs, conv2dQuadReference } from '../../src/kernels/conv2dQuad.ts';
import { conv2dScalar } from '../../src/kernels/conv2dScalar.ts';
import { conv2dTiled } from '../../src/kernels/conv2dTiled.ts';
import { activations, type Kernel } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = {
  ...{ N: 1, H: 7, W: 6, C: 8, K: 12, KH: 3, KW: 3, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1, RESIDUAL: 0, ACTIVATION: 0, WORKGROUP: 64 },
};

function knobs(change: Partial<Conv2dKnobs>): Conv2dKnobs {
  const k = { ...base, ...change };
  const OH = outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H, k.DILATION_H);
  const OW = outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W, k.DILATION_W);
  return { ...k, OH, OW };
}

const withoutWorkgroup = ({ WORKGROUP: _, ...rest }: Conv2dKnobs) => rest;
const check = (kernel: Kernel<Conv2dKnobs>, k: Conv2dKnobs, seed = 1) => {
  if (kernel === tiled) return checkKernel(conv2dTiled, conv2dReference, withoutWorkgroup(k), { seed });
  if (kernel !== quad) return checkKernel(kernel, conv2dReference, k, { seed });
  return checkKernel(conv2dQuad, conv2dQuadReference, conv2dQuadKnobs(k), { seed });
};
const tiled = conv2dTiled as unknown as Kernel<Conv2dKnobs>;
const quad = conv2dQuad as unknown as Kernel<Conv2dKnobs>;

const cases: Record<string, Partial<Conv2dKnobs>> = {
  control: {},
  'one position, one channel quad': { H: 1, W: 1, C: 4, K: 4, KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 },
  'pointwise, more than a tile in every direction': { H: 9, W: 9, C: 68, K: 76, KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 },
  'pointwise, stride 2': { H: 9, W: 7, KH: 1, KW: 1, PAD_H: 0, PAD_W: 0, STRIDE_H: 2, STRIDE_W: 2 },
  'stride 2': { STRIDE_H: 2, STRIDE_W: 2 },
  'unequal strides, padding and dilation': {
    H: 13,
    STRIDE_H: 3,
    STRIDE_W: 1,
    PAD_H: 0,
    PAD_W: 2,
    DILATION_H: 2,
    DILATION_W: 3,
  },
  'padding wider than the window': { KH: 1, KW: 2, PAD_H: 3, PAD_W: 4 },
  batch: { N: 3 },
  residual: { RESIDUAL: 1 },
  'residual and relu': { RESIDUAL: 1, ACTIVATION: activations.relu },
  elu: { ACTIVATION: activations.elu },
  'odd window': { KH: 5, KW: 2, PAD_H: 2, PAD_W: 1 },
  'small workgroup': { WORKGROUP: 16 },
};
for (const [name, change] of Object.entries(cases)) {
  for (const kernel of [conv2d, quad, tiled, conv2dScalar]) {
    test(`${kernel.name}: ${name}`, () => check(kernel, knobs(change)));
  }
}

for (const [name, change] of Object.entries({
  'whole tiles': { H: 14, W: 14, C: 8, K: 32 },
  'few positions': { H: 4, W: 4, C: 20, K: 68 },
  'a batch': { N: 3, STRIDE_H: 2, STRIDE_W: 2, K: 36, RESIDUAL: 1, ACTIVATION: activations.relu },
})) {
  for (const POSITIONS of [7, 4]) {
    test(`conv2dQuad, tiles of ${4 * POSITIONS} positions: ${name}`, () =>
      checkKernel(conv2dQuad, conv2dQuadReference, { ...conv2dQuadKnobs(knobs(change)), POSITIONS }, { seed: 1 }));
  }
}

test('conv2dQuad: tiles of 16 positions where they have fewer spare ones', () => {
  const positions = (W: number, N = 1) =>
    conv2dQuadKnobs(knobs({ N, H: 1, W, KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 })).POSITIONS;
  assert.equal(
    [1, 16, 17, 28, 29, 32, 33, 45, 64].map((W) => positions(W)),
    [4, 4, 7, 7, 4, 4, 7, 7, 7],
  );
  assert.equal(positions(4, 4), 4);
});

for (const [C, K] of [
  [3, 5],
  [1, 1],
  [5, 8],
  [4, 6],
  [3, 64],
] as const) {
  test(`conv2dScalar: ${C} -> ${K} channels`, () => check(conv2dScalar, knobs({ C, K, RESIDUAL: 1 })));
}

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), H: fc.integer({ min: 1, max: 12 }), W: fc.integer({ min: 1, max: 12 }) },
  ...{ C: fc.integer({ min: 1, max: 9 }), K: fc.integer({ min: 1, max: 9 }) },
  ...{ KH: fc.integer({ min: 1, max: 4 }), KW: fc.integer({ min: 1, max: 4 }) },
  ...{ STRIDE_H: fc.integer({ min: 1, max: 3 }), STRIDE_W: fc.integer({ min: 1, max: 3 }) },
  ...{ PAD_H: fc.integer({ min: 0, max: 3 }), PAD_W: fc.integer({ min: 0, max: 3 }) },
  ...{ DILATION_H: fc.integer({ min: 1, max: 2 }), DILATION_W: fc.integer({ min: 1, max: 2 }) },
  ...{ RESIDUAL: fc.integer({ min: 0, max: 1 }), ACTIVATION: fc.integer({ min: 0, max: 2 }) },
});
for (const kernel of [conv2d, quad, tiled, conv2dScalar]) {
  const four = kernel === conv2dScalar ? 1 : 4;
  test(`${kernel.name}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
        const k = knobs({ ...shape, C: shape.C * four, K: shape.K * four });
        fc.pre(k.OH > 0 && k.OW > 0);
        await check(kernel, k, seed);
      }),
      { numRuns: 12, seed: 7 },
    ));
}

test.run();
