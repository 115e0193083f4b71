import * as fc from 'fast-check';
import { test } from 'uvu';
import { type Conv2dGeometry, outputSize } from '../../src/kernels/conv2d.ts';
import {
  conv2dWeightGradient,
  conv2dWeightGradientReference,
  type WeightGradientKnobs,
} from '../../src/kernels/conv2dWeightGradient.ts';
import { conv2dWeightGradientQuad } from '../../src/kernels/conv2dWeightGradientQuad.ts';
import {
  conv2dWeightGradientScalar,
  conv2dWeightGradientScalarReference,
} from '../../src/kernels/conv2dWeightGradientScalar.ts';
import { conv2dWeightGradientTiled } from '../../src/kernels/conv2dWeightGradientTiled.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = {
  ...{ N: 1, H: 7, W: 6, C: 8, K: 12, KH: 3, KW: 3, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1 },
};

function geometry(change: Partial<Conv2dGeometry>): Conv2dGeometry {
  const k = { ...base, ...change };
  const OH = outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H, k.DILATION_H);
  const OW = outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W, k.DILATION_W);
  return { ...k, OH, OW };
}

type Check = (change: Partial<WeightGradientKnobs>, seed?: number, WORKGROUP?: number) => Promise<void>;
const knobs = ({ FILTER_C, SLICES = 1, ...change }: Partial<WeightGradientKnobs>): WeightGradientKnobs => {
  const k = geometry(change);
  return { ...k, FILTER_C: FILTER_C ?? k.C, SLICES };
};
const checks: Record<string, Check> = {
  plain: (change, seed = 1, WORKGROUP = 64) =>
    checkKernel(conv2dWeightGradient, conv2dWeightGradientReference, { ...knobs(change), WORKGROUP }, { seed }),
  Quad: (change, seed = 1, WORKGROUP = 64) =>
    checkKernel(conv2dWeightGradientQuad, conv2dWeightGradientReference, { ...knobs(change), WORKGROUP }, { seed }),
  Tiled: (change, seed = 1) =>
    checkKernel(conv2dWeightGradientTiled, conv2dWeightGradientReference, knobs(change), { seed }),
};
const scalar = (change: Partial<Conv2dGeometry>, seed = 1) =>
  checkKernel(
    conv2dWeightGradientScalar,
    conv2dWeightGradientScalarReference,
    { ...geometry(change), WORKGROUP: 64 },
    { seed },
  );

const pointwise = { KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 };
const cases: Record<string, Partial<WeightGradientKnobs>> = {
  control: {},
  'one position, one channel quad': { H: 1, W: 1, C: 4, K: 4, ...pointwise },
  'pointwise, more than a tile in every direction': { H: 9, W: 9, C: 68, K: 76, ...pointwise },
  'pointwise, stride 2': { H: 9, W: 7, ...pointwise, STRIDE_H: 2, STRIDE_W: 2 },
  'stride 2, batch': { N: 3, STRIDE_H: 2, STRIDE_W: 2 },
  'unequal strides, padding and dilation': {
    ...{ H: 13, STRIDE_H: 3, STRIDE_W: 1, PAD_H: 0, PAD_W: 2, DILATION_H: 2, DILATION_W: 3 },
  },
  'padding wider than the window': { KH: 1, KW: 2, PAD_H: 3, PAD_W: 4 },
  'three slices, the last one ragged': { N: 2, SLICES: 3 },
  'more slices than positions': { H: 2, W: 2, SLICES: 5 },
  'padded channels': { C: 8, FILTER_C: 5 },
  'the stem, its rows unfolded': {
    ...{ H: 12, W: 5, C: 24, FILTER_C: 21, K: 64, KH: 7, KW: 1, STRIDE_H: 2, PAD_H: 0, PAD_W: 0, SLICES: 2 },
  },
};
for (const [name, change] of Object.entries(cases)) {
  for (const [kernel, check] of Object.entries(checks)) {
    test(`conv2dWeightGradient, ${kernel}: ${name}`, () => check(change));
  }
  if (!('FILTER_C' in change || 'SLICES' in change)) {
    test(`conv2dWeightGradientScalar: ${name}`, () => scalar(change));
  }
}
for (const kernel of ['plain', 'Quad']) {
  test(`conv2dWeightGradient, ${kernel}: small workgroup`, () => checks[kernel]!({}, 1, 16));
}
for (const [C, K] of [
  [3, 5],
  [1, 1],
  [5, 8],
  [4, 6],
] as const) {
  test(`conv2dWeightGradientScalar: ${C} -> ${K} channels`, () => scalar({ C, K }));
}

const integer = (min: number, max: number) => fc.integer({ min, max });
const shapes = fc.record({
  ...{ N: integer(1, 3), H: integer(1, 12), W: integer(1, 12), C: integer(1, 9), K: integer(1, 9) },
  ...{ KH: integer(1, 4), KW: integer(1, 4), STRIDE_H: integer(1, 3), STRIDE_W: integer(1, 3) },
  ...{ PAD_H: integer(0, 3), PAD_W: integer(0, 3), DILATION_H: integer(1, 2), DILATION_W: integer(1, 2) },
});
for (const [kernel, check] of Object.entries({ ...checks, Scalar: scalar as Check })) {
  test(`conv2dWeightGradient, ${kernel}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, integer(1, 4), fc.nat(), async (shape, SLICES, seed) => {
        const { OH, OW } = geometry(shape);
        fc.pre(OH > 0 && OW > 0);
        if (kernel === 'Scalar') await scalar(shape, seed);
        else await check({ ...shape, C: 4 * shape.C, K: 4 * shape.K, SLICES }, seed);
      }),
      { numRuns: kernel === 'Tiled' ? 5 : 12, seed: 7 }, // each of Tiled is another pipeline
    ));
}

test.run();
