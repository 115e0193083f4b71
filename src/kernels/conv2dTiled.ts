// conv2dTiled: the convolution of the workgroup-tile family, for GPUs, where barriers are cheap and memory is far.

import shader from '../../shaders/conv2dTiled.wgsl';
import { type Conv2dGeometry, conv2dElements, conv2dFlops, conv2dReference, type Epilogue } from './conv2d.ts';
import { ceilDiv, type Kernel, type Reference } from './kernel.ts';

/** What a workgroup of ROW_LANES x COLUMN_LANES invocations makes: ROWS positions x QUADS channel quads each. */
export type Tile = { ROWS: number; QUADS: number; ROW_LANES: number; COLUMN_LANES: number };

/** `DEPTH`: channel quads a step; it divides the number of invocations. `SLICES`: parts that the depth is cut into. */
export type TiledKnobs = Conv2dGeometry & Epilogue & Partial<Tile & { DEPTH: number; SLICES: number }>;

const withTile = (k: TiledKnobs) => ({
  ...{ ROWS: 8, QUADS: 2, ROW_LANES: 8, COLUMN_LANES: 8, DEPTH: 2, SLICES: 1 },
  ...k,
});

export const conv2dTiled: Kernel<TiledKnobs> = {
  name: 'conv2dTiled',
  shader,
  grid: (knobs) => {
    const k = withTile(knobs);
    const rows = k.ROWS * k.ROW_LANES;
    return [ceilDiv(k.N * k.OH * k.OW, rows), ceilDiv(k.K, 4 * k.QUADS * k.COLUMN_LANES), k.SLICES];
  },
  elements: (k) => {
    const all = conv2dElements(k);
    const { SLICES = 1 } = k;
    return SLICES > 1 ? { ...all, scale: 0, shift: 0, residual: 0, y: SLICES * all.y! } : all;
  },
  flops: conv2dFlops,
};

/** As `conv2dReference`; with SLICES > 1 the partial sums (SLICES, N, OH, OW, K), scaled by nothing. */
export const conv2dTiledReference: Reference<TiledKnobs> = (inputs, knobs) => {
  const k = withTile(knobs);
  if (k.SLICES === 1) return conv2dReference(inputs, k);
  const ones = new Float64Array(k.K).fill(1);
  const zeros = new Float64Array(k.K);
  const stepsOfTap = ceilDiv(k.C, 4 * k.DEPTH);
  const steps = ceilDiv(k.KH * k.KW * stepsOfTap, k.SLICES);
  const y = new Float64Array(conv2dTiled.elements(knobs).y!);
  for (let slice = 0; slice < k.SLICES; slice++) {
    // The weights of other slices are zero.
    const w = Float64Array.from(inputs.w!, (weight, i) => {
      const depth = Math.floor(i / k.K);
      const step = Math.floor(depth / k.C) * stepsOfTap + Math.floor((depth % k.C) / (4 * k.DEPTH));
      return Math.floor(step / steps) === slice ? weight : 0;
    });
    const part = conv2dReference({ x: inputs.x!, w, scale: ones, shift: zeros }, { ...k, RESIDUAL: 0, ACTIVATION: 0 });
    y.set(part.y!, slice * part.y!.length);
  }
  return { y };
};
