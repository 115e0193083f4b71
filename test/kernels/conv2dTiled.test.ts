import * as fc from 'fast-check';
import { test } from 'uvu';
import { outputSize } from '../../src/kernels/conv2d.ts';
import { conv2dStem, conv2dStemReference } from '../../src/kernels/conv2dStem.ts';
import { conv2dTiled, conv2dTiledReference, type TiledKnobs } from '../../src/kernels/conv2dTiled.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { sumSlices, sumSlicesReference } from '../../src/kernels/sumSlices.ts';
import { checkKernel } from '../harness/kernel.ts';

const base = {
  ...{ N: 1, H: 9, W: 7, C: 20, K: 12, KH: 3, KW: 3, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1, RESIDUAL: 0, ACTIVATION: 0 },
};

function knobs<T extends Partial<TiledKnobs>>(change: T) {
  const k = { ...base, ...change };
  const OH = outputSize(k.H, k.KH, k.STRIDE_H, k.PAD_H, k.DILATION_H);
  const OW = outputSize(k.W, k.KW, k.STRIDE_W, k.PAD_W, k.DILATION_W);
  return { ...k, OH, OW };
}

const tile = (ROWS: number, channels: number, ROW_LANES: number, COLUMN_LANES: number) => ({
  ...{ ROWS, QUADS: channels / 4, ROW_LANES, COLUMN_LANES },
});
const pointwise = { KH: 1, KW: 1, PAD_H: 0, PAD_W: 0 };

// Every shape of tile; sizes that end within a tile, a step and a slice.
const cases: Record<string, Partial<TiledKnobs>> = {
  '64 x 64 in one wave': { ...tile(16, 8, 4, 8), N: 2, K: 68 },
  '64 x 64, wide': { ...tile(8, 16, 8, 4), DEPTH: 1, C: 8 },
  '28 x 128': { ...tile(14, 8, 2, 16), K: 132, RESIDUAL: 1, ACTIVATION: activations.relu },
  '52 x 64': { ...tile(13, 8, 4, 8), DEPTH: 4 },
  '40 x 64': { ...tile(10, 8, 4, 8), STRIDE_H: 2, STRIDE_W: 2 },
  '8 x 32 of 16 invocations': { ...tile(4, 4, 2, 8), DEPTH: 1 },
  'one invocation': { ...tile(2, 4, 1, 1), DEPTH: 1, C: 4, K: 8, H: 3, W: 3 },
  '1x1, depth a multiple of the step': { ...tile(13, 8, 4, 8), ...pointwise, C: 32, K: 64 },
  '1x1, stride 2': { ...tile(7, 4, 4, 8), ...pointwise, STRIDE_H: 2, STRIDE_W: 2, K: 72 },
  'a window of 17, too wide for masks': { ...tile(4, 4, 2, 4), KH: 1, KW: 17, PAD_H: 0, PAD_W: 9, C: 4, W: 9 },
  'a window of 16, dilated': { ...tile(4, 4, 2, 4), KH: 16, KW: 2, PAD_H: 8, DILATION_W: 3, PAD_W: 2, C: 4 },
  '3 slices, even': { ...tile(3, 4, 4, 8), SLICES: 3, C: 8 },
  '4 slices, the last one short': { ...tile(5, 8, 4, 8), SLICES: 4, K: 68 },
  '7 slices of 9 steps, the last two empty': { ...tile(8, 4, 4, 8), SLICES: 7, C: 4 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`conv2dTiled: ${name}`, () => checkKernel(conv2dTiled, conv2dTiledReference, knobs(change)));
}

const stems: Record<string, Partial<TiledKnobs> & ReturnType<typeof tile>> = {
  'ResNet, 7x7 of 3 channels': { ...tile(14, 8, 4, 8), H: 15, W: 129, C: 3, K: 64, KH: 7, KW: 7, PAD_H: 3, PAD_W: 3 },
  'more than a tile of positions and channels': { ...tile(7, 4, 2, 4), N: 2, H: 5, W: 17, C: 1, K: 20 },
  'strides, dilation, residual, relu': {
    ...{ ...tile(4, 8, 4, 4), C: 5, W: 21, STRIDE_H: 2, STRIDE_W: 2, DILATION_W: 3, PAD_W: 4 },
    ...{ RESIDUAL: 1, ACTIVATION: activations.relu },
  },
  '1x1 of 2 channels': { ...tile(3, 4, 2, 2), ...pointwise, C: 2 },
};
for (const [name, change] of Object.entries(stems)) {
  test(`conv2dStem: ${name}`, () => {
    const stride = name.startsWith('ResNet') ? { STRIDE_H: 2, STRIDE_W: 2 } : {};
    return checkKernel(conv2dStem, conv2dStemReference, knobs({ ...change, ...stride }));
  });
}

test('sumSlices: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      fc.record({
        ...{ SLICES: fc.integer({ min: 2, max: 9 }), M: fc.integer({ min: 1, max: 70 }) },
        ...{ RESIDUAL: fc.integer({ min: 0, max: 1 }), ACTIVATION: fc.integer({ min: 0, max: 2 }) },
      }),
      fc.integer({ min: 1, max: 20 }),
      (shape, quads) => checkKernel(sumSlices, sumSlicesReference, { ...shape, K: 4 * quads, WORKGROUP: 64 }),
    ),
    { numRuns: 8, seed: 5 },
  ));

test.run();
