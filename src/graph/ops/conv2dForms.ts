// The ways to compute a convolution on a target: their names, which a tuner can choose from, and the calls of each.

import { type Conv2dGeometry, type Conv2dKnobs, conv2dFlops, conv2d as conv2dKernel } from '../../kernels/conv2d.ts';
import { conv2dQuad, conv2dQuadKnobs } from '../../kernels/conv2dQuad.ts';
import { conv2dScalar } from '../../kernels/conv2dScalar.ts';
import { filtersLast } from '../../kernels/filtersLast.ts';
import { ceilDiv } from '../../kernels/kernel.ts';
import { padImage } from '../../kernels/padImage.ts';
import { padRows } from '../../kernels/padRows.ts';
import { type Call, call, type Forms, isConstant, isSource, type Node, reachable, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';
import { type GpuFamily, type TiledChoice, tiledCalls, tiledChoices } from './conv2dTiledCalls.ts';
import { type ConvolutionBuffers, winogradCalls, winogradFits } from './conv2dWinogradCalls.ts';
import { weightsIn } from './filtersLast.ts';

/** The forms for this geometry, the best first guess first. `w`: the weights, constants where it is absent. */
export function conv2dForms(knobs: Conv2dKnobs, target: Target, w?: Node): Forms {
  const { N, H, W, C, K, KH, KW, STRIDE_H, STRIDE_W, PAD_H, PAD_W, DILATION_H, DILATION_W } = knobs;
  const pairs = [
    [KH, KW],
    [STRIDE_H, STRIDE_W],
    [PAD_H, PAD_W],
    [DILATION_H, DILATION_W],
  ].map((pair) => pair.join('x'));
  const trained = w !== undefined && reachable([w]).some((node) => isSource(node) && !isConstant(node));
  const key = ['conv2d', `${N}x${H}x${W}x${C}`, K, ...pairs, ...(trained ? ['trained'] : [])].join(' ');
  return { key, names: formNames(knobs, target, trained) };
}

function formNames(knobs: Conv2dKnobs, target: Target, trained: boolean): string[] {
  const { family } = target;
  const tiles = family === 'software' || knobs.K % 4 ? [] : gpuChoices(knobs, family).slice(0, WORTH_TRYING);
  const direct = tiles.length > 0 ? tiles.map(({ name }) => name) : ['direct'];
  const winograd = ([2, 4] as const)
    .filter((tile) => winogradFits(knobs, target, tile))
    .map((tile) => `winograd${tile}`);
  const wanted = winogradForm(knobs, trained);
  const first = family === 'software' && winograd.includes(wanted) ? wanted : direct[0]!;
  return [first, ...[...direct, ...winograd].filter((name) => name !== first)];
}

/** Tiles that a tuner times on a GPU, of those that the cost rule ranks. */
const WORTH_TRYING = 6;

/**
 * Winograd saves multiply-adds and pays with transforms and, where a map has few tiles, with half-empty rows of tiles.
 * Measured on SwiftShader: 2.2 to 2.4 times faster than direct with tiles of 4x4 from 14x14 maps on, 1.8 times with 2x2
 * on 7x7. Weights that change are transformed in every run: with 16 tiles of 4x4 that still pays, with fewer it does not.
 * Tiles that stick out of small maps may need more products than the direct sum does.
 */
function winogradForm({ N, OH, OW }: Conv2dKnobs, trained: boolean): string {
  const tiles = (size: number) => N * ceilDiv(OH, size) * ceilDiv(OW, size);
  const saves = (size: number) => (size + 2) ** 2 * tiles(size) < 9 * N * OH * OW;
  if (tiles(4) >= 16 && saves(4)) return 'winograd4';
  return tiles(2) >= 8 && saves(2) && !trained ? 'winograd2' : 'direct';
}

/** The calls of one of these forms. `name` is the node's: what is made of weights only is kept under it. */
export function conv2dCalls(
  name: string,
  knobs: Conv2dKnobs,
  buffers: ConvolutionBuffers,
  target: Target,
  form: string,
): readonly Call[] {
  if (form === 'winograd2') return winogradCalls(name, knobs, buffers, target, 2);
  if (form === 'winograd4') return winogradCalls(name, knobs, buffers, target, 4);
  if (knobs.K % 4) return [call(conv2dScalar, knobs, { ...buffers })];
  const { family, subgroups } = target;
  if (family !== 'software') return gpuCalls(name, knobs, buffers, family, form);
  if (knobs.C % 4) return softwarePadded(name, knobs, buffers, target);
  return softwareCalls(name, knobs, buffers, subgroups);
}

/** The register tile; with subgroups the one that quads share, which reads packed weights. */
function softwareCalls(name: string, knobs: Conv2dKnobs, buffers: ConvolutionBuffers, subgroups: boolean): Call[] {
  if (!subgroups) return [call(conv2dKernel, knobs, { ...buffers })];
  const { KH, KW, C, K } = knobs;
  const T = KH * KW;
  const { source, steps } = weightsIn(buffers.w, { T, C, K });
  const packed: Temporary = { temporary: `${name} packed`, elements: T * C * K };
  return [
    call(filtersLast, { T, C, K, ...steps, PACKED: 1 }, { x: source, y: packed }),
    call(conv2dQuad, conv2dQuadKnobs(knobs), { ...buffers, w: packed }),
  ];
}

/**
 * On a software adapter, for other channel counts such as the stem's 3: a border of zeros and a fourth channel. Then the
 * windows' rows are runs of memory, and no load asks where the image ends.
 */
function softwarePadded(name: string, knobs: Conv2dKnobs, buffers: ConvolutionBuffers, target: Target): Call[] {
  const { x, w, ...rest } = buffers;
  const { N, H, W, K, KH, KW, PAD_H, PAD_W, WORKGROUP } = knobs;
  const C = channelsUp(knobs);
  const padded = { ...knobs, C, H: H + 2 * PAD_H, W: W + 2 * PAD_W, PAD_H: 0, PAD_W: 0 };
  const paddedX: Temporary = { temporary: `${name} x`, elements: N * padded.H * padded.W * C };
  const paddedW: Temporary = { temporary: `${name} w`, elements: KH * KW * C * K };
  const withBorder = { ...rest, x: paddedX, w: paddedW };
  const calls = softwareCalls(name, padded, withBorder, target.subgroups);
  return [
    call(padImage, { N, H, W, FROM: knobs.C, TO: C, PAD_H, PAD_W, WORKGROUP }, { x, y: paddedX }),
    padWeights(knobs, w, paddedW),
    ...calls.slice(0, -1),
    { ...calls.at(-1)!, flops: conv2dFlops(knobs) },
  ];
}

/** What `gpuCalls` can do for this geometry; channels that no kernel takes as they are count as padded. */
function gpuChoices(knobs: Conv2dGeometry, family: GpuFamily): TiledChoice[] {
  const choices = tiledChoices(knobs, family);
  return choices.length > 0 ? choices : tiledChoices({ ...knobs, C: channelsUp(knobs) }, family);
}

function gpuCalls(
  name: string,
  { WORKGROUP, ...knobs }: Conv2dKnobs,
  buffers: ConvolutionBuffers,
  family: GpuFamily,
  form: string,
): Call[] {
  const choices = gpuChoices(knobs, family);
  const choice = choices.find((c) => c.name === form) ?? choices[0]!;
  if (choice.kernel === 'stem' || knobs.C % 4 === 0) return tiledCalls(name, knobs, { ...buffers }, choice);
  const { N, H, W, K, KH, KW } = knobs;
  const C = channelsUp(knobs);
  const x: Temporary = { temporary: `${name} x`, elements: N * H * W * C };
  const w: Temporary = { temporary: `${name} w`, elements: KH * KW * C * K };
  return [
    call(padRows, { ROWS: N * H * W, FROM: knobs.C, TO: C, WORKGROUP }, { x: buffers.x, y: x }),
    padWeights({ ...knobs, WORKGROUP }, buffers.w, w),
    ...tiledCalls(name, { ...knobs, C }, { ...buffers, x, w }, choice),
  ];
}

function padWeights(
  knobs: Conv2dGeometry & { WORKGROUP: number },
  w: ConvolutionBuffers['w'],
  padded: Temporary,
): Call {
  const { KH, KW, C, K, WORKGROUP } = knobs;
  const taps = { ROWS: KH * KW, FROM: C * K, TO: channelsUp(knobs) * K, WORKGROUP };
  return call(padRows, taps, { x: w, y: padded });
}

const channelsUp = ({ C }: Conv2dGeometry): number => 4 * ceilDiv(C, 4);
