// The ways to compute a convolution on a target: their names, which a tuner can choose from, and the calls of each.

import { type Conv2dGeometry, type Conv2dKnobs, conv2dFlops, conv2d as conv2dKernel } from '../../kernels/conv2d.ts';
import { conv2dQuad, conv2dQuadKnobs } from '../../kernels/conv2dQuad.ts';
import { conv2dScalar } from '../../kernels/conv2dScalar.ts';
import { filtersLast } from '../../kernels/filtersLast.ts';
import { ceilDiv } from '../../kernels/kernel.ts';
import { padRowsKnobs, unfolded, unfoldRows, unfoldRowsKnobs } from '../../kernels/unfoldRows.ts';
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
  if (target.family !== 'software') return gpuCalls(name, knobs, buffers, target.family, form);
  const calls: Lowering = (k, b) => softwareCalls(name, k, b, target.subgroups);
  return knobs.C % 4 ? unfoldedCalls(name, knobs, buffers, calls) : calls(knobs, buffers);
}

type Lowering = (knobs: Conv2dKnobs, buffers: ConvolutionBuffers) => Call[];

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

/** For channel counts that are no multiple of 4, such as the stem's 3: the windows' rows as channels. */
function unfoldedCalls(name: string, knobs: Conv2dKnobs, buffers: ConvolutionBuffers, calls: Lowering): Call[] {
  const { x, w } = buffers;
  const { KH, KW, C, K, WORKGROUP } = knobs;
  const wide = unfolded(knobs);
  const rows: Temporary = { temporary: `${name} rows`, elements: wide.N * wide.H * wide.W * wide.C };
  const filters: Temporary = { temporary: `${name} w`, elements: KH * wide.C * K };
  const flops = conv2dFlops(knobs);
  return [
    call(unfoldRows, unfoldRowsKnobs(knobs, WORKGROUP), { x, y: rows }),
    call(unfoldRows, padRowsKnobs(KH, KW * C * K, wide.C * K, WORKGROUP), { x: w, y: filters }),
    ...calls(wide, { ...buffers, x: rows, w: filters }).map((each) =>
      each.buffers.x === rows ? { ...each, flops } : each,
    ),
  ];
}

/** What `gpuCalls` can do for this geometry, or for its unfolded rows where no kernel takes it as it is. */
function gpuChoices(knobs: Conv2dGeometry, family: GpuFamily): TiledChoice[] {
  const choices = tiledChoices(knobs, family);
  return choices.length > 0 ? choices : tiledChoices(unfolded(knobs), family);
}

function gpuCalls(
  name: string,
  knobs: Conv2dKnobs,
  buffers: ConvolutionBuffers,
  family: GpuFamily,
  form: string,
): Call[] {
  const choices = gpuChoices(knobs, family);
  const choice = choices.find((c) => c.name === form) ?? choices[0]!;
  const calls: Lowering = ({ WORKGROUP: _, ...k }, b) => tiledCalls(name, k, { ...b }, choice);
  const fits = choice.kernel === 'stem' || knobs.C % 4 === 0;
  return fits ? calls(knobs, buffers) : unfoldedCalls(name, knobs, buffers, calls);
}
