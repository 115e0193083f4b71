// The calls of Winograd's form of a 3x3 convolution with stride 1: transform, multiply, transform back. It computes what
// conv2d does with fewer multiply-adds (TILE 2: 16 for 36, TILE 4: 36 for 144); which one to use is not decided here.

import { type Conv2dKnobs, conv2dFlops } from '../../kernels/conv2d.ts';
import { matmul } from '../../kernels/matmul.ts';
import { matmulTiled } from '../../kernels/matmulTiled.ts';
import { type Tile, winogradSize, winogradTiles } from '../../kernels/winograd.ts';
import { winogradInput } from '../../kernels/winogradInput.ts';
import { winogradOutput } from '../../kernels/winogradOutput.ts';
import { winogradProduct } from '../../kernels/winogradProduct.ts';
import { winogradWeights } from '../../kernels/winogradWeights.ts';
import { type Call, call, type Node, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';
import { weightsIn } from './filtersLast.ts';

type Value = Node | Temporary;

export interface ConvolutionBuffers {
  readonly x: Value;
  readonly w: Value;
  readonly scale: Value;
  readonly shift: Value;
  readonly residual?: Value;
  readonly y: Value;
}

/**
 * Whether Winograd's form exists for this convolution: 3x3, stride and dilation 1, channels in multiples of 4, and what it
 * writes between its calls small enough to be bound.
 */
export function winogradFits(k: Conv2dKnobs, target: Target, tile: Tile): boolean {
  const bytes = 4 * winogradSize(tile) * winogradTiles({ ...k, TILE: tile }) * Math.max(k.C, k.K);
  if (bytes > Math.min(target.maxStorageBufferBindingSize, target.maxBufferSize)) return false;
  const ones = [k.STRIDE_H, k.STRIDE_W, k.DILATION_H, k.DILATION_W];
  return k.KH === 3 && k.KW === 3 && ones.every((one) => one === 1) && k.C % 4 === 0 && k.K % 4 === 0;
}

/** Four calls; the first, which transforms the weights, reads w alone, so its result can be kept from run to run. */
export function winogradCalls(
  name: string,
  knobs: Conv2dKnobs,
  { x, w, y, ...epilogue }: ConvolutionBuffers,
  target: Target,
  tile: Tile,
): Call[] {
  const { N, H, W, C, K, OH, OW, PAD_H, PAD_W, RESIDUAL, ACTIVATION, WORKGROUP } = knobs;
  const shape = { N, OH, OW, TILE: tile, WORKGROUP };
  const T = winogradSize(tile);
  const tiles = winogradTiles(shape);
  const u: Temporary = { temporary: `${name} winograd${tile}`, elements: T * C * K };
  const v: Temporary = { temporary: `${name} v`, elements: T * tiles * C };
  const m: Temporary = { temporary: `${name} m`, elements: T * tiles * K };
  const PACKED = onQuads(target) ? 1 : 0;
  const { source, steps } = weightsIn(w, { T: 9, C, K });
  const multiply = product({ T, TILES: tiles, C, K, WORKGROUP }, { u, v, m }, target);
  return [
    call(winogradWeights, { C, K, ...steps, TILE: tile, PACKED, WORKGROUP }, { w: source, u }),
    call(winogradInput, { ...shape, H, W, C, PAD_H, PAD_W }, { x, v }),
    { ...multiply, flops: conv2dFlops(knobs) },
    call(winogradOutput, { ...shape, K, RESIDUAL, ACTIVATION }, { m, ...epilogue, y }),
  ];
}

const onQuads = ({ family, subgroups }: Target): boolean => family === 'software' && subgroups;

/** m[t] = v[t] u[t] by the target's family. */
function product(
  knobs: { T: number; TILES: number; C: number; K: number; WORKGROUP: number },
  { u, v, m }: { u: Temporary; v: Temporary; m: Temporary },
  target: Target,
): Call {
  if (onQuads(target)) return call(winogradProduct, knobs, { v, u, m });
  const { T, TILES, C, K, WORKGROUP } = knobs;
  const matrices = {
    ...{ BATCH: T, GROUPS: 1, M: TILES, N: K, K: C, TRANSPOSE_A: 0, TRANSPOSE_B: 0 },
    ...{ A_ROW: C, A_GROUP: 0, A_BATCH: TILES * C, B_ROW: K, B_GROUP: 0, B_BATCH: C * K },
    ...{ Y_ROW: K, Y_GROUP: 0, Y_BATCH: TILES * K, ALPHA: 1, RESIDUAL: 0, SCALED: 0, GAMMA: 0, LOWEST: 0 },
  };
  const buffers = { a: v, b: u, y: m };
  return target.family === 'software'
    ? call(matmul, { ...matrices, WORKGROUP }, buffers)
    : call(matmulTiled, matrices, buffers);
}
