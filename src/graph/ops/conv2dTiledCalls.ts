// The workgroup-tile convolutions of one conv2d node: which tiles and slices are worth trying on a family of adapters,
// best guess first, and the kernel calls of one choice. Pure arithmetic on shapes; nothing is timed here.

import type { Conv2dGeometry, Epilogue } from '../../kernels/conv2d.ts';
import { conv2dStem, stemBytes } from '../../kernels/conv2dStem.ts';
import { conv2dTiled, type Tile } from '../../kernels/conv2dTiled.ts';
import { ceilDiv } from '../../kernels/kernel.ts';
import { sumSlices } from '../../kernels/sumSlices.ts';
import { type Call, call, type Temporary } from '../node.ts';
import type { Family } from '../target.ts';

export type Conv2dShape = Conv2dGeometry & Epilogue;

/** One way to compute a convolution; plain data, so that a tuner can keep it in a file. */
export interface TiledChoice {
  /** Says all of the below, e.g. `tiled 13x8 lanes 4x8 slices 16`; a tuner keeps it. */
  readonly name: string;
  /** `stem` takes any number of input channels, `tiled` multiples of 4. */
  readonly kernel: 'tiled' | 'stem';
  readonly tile: Tile;
  /** Parts that the depth is cut into; above 1, `sumSlices` adds them up. */
  readonly slices: number;
}

export type GpuFamily = Exclude<Family, 'software'>;

interface Adapter {
  /** Units that issue one wave's instructions at a time (AMD: SIMDs). */
  readonly units: number;
  /** Multiply-adds a lane and cycle in the inner loop. */
  readonly rate: number;
  /** Bytes a cycle from the caches that all units share, and to and from where partial sums lie. */
  readonly loads: number;
  readonly sums: number;
  readonly tiles: readonly Tile[];
}

const WAVE = 32;
/** Cycles of a wave outside its steps, and of one more dispatch. */
const START = 2000;
const DISPATCH = 1500;
const MAX_SLICES = 64;
const WORKGROUP_MEMORY = 16384;
/** Bytes of partial sums: ResNet50's largest activations at 224 take as much, so that their slots serve both. */
const MAX_SUMS = 3.25 * 2 ** 20;

const tile = (ROWS: number, channels: number, ROW_LANES: number, COLUMN_LANES: number): Tile => ({
  ...{ ROWS, QUADS: channels / 4, ROW_LANES, COLUMN_LANES },
});

/** Up to 64 sums an invocation: what adapters with few registers can hold. */
const small = [
  ...[tile(8, 8, 8, 8), tile(8, 8, 4, 8), tile(8, 8, 8, 4), tile(4, 8, 8, 8), tile(4, 8, 4, 8)],
  ...[tile(13, 4, 4, 16), tile(7, 8, 4, 16), tile(7, 8, 8, 8)],
];
/**
 * Single waves with 80 to 128 sums an invocation, at most a byte of workgroup memory a multiply-add: 28 rows fit maps of
 * 14 x 14 (and 112), 52 rows maps of 7 x 7. The last three are for few channels or positions.
 */
const large = [
  ...[tile(16, 8, 4, 8), tile(14, 8, 2, 16), tile(14, 8, 4, 8), tile(13, 8, 4, 8), tile(10, 8, 4, 8)],
  ...[tile(8, 8, 8, 8), tile(8, 8, 4, 8), tile(8, 8, 8, 4), tile(8, 4, 16, 2), tile(4, 8, 2, 16)],
];

const adapters: Record<GpuFamily, Adapter> = {
  discrete: { units: 192, rate: 1.8, loads: 4000, sums: 2000, tiles: large },
  integrated: { units: 48, rate: 1, loads: 800, sums: 100, tiles: small },
  apple: { units: 64, rate: 1, loads: 1200, sums: 150, tiles: small },
};

/** Waves that the choice starts, and the share of its multiply-adds that a result needs. */
export function tiledOccupancy(k: Conv2dGeometry, choice: TiledChoice): { waves: number; useful: number } {
  const { waves, depth } = work(k, choice);
  const { ROWS, QUADS } = choice.tile;
  const needed = k.N * k.OH * k.OW * k.K * k.KH * k.KW * k.C;
  return { waves, useful: needed / (waves * WAVE * ROWS * 4 * QUADS * depth) };
}

function choiceOf(kernel: TiledChoice['kernel'], tile: Tile, slices: number): TiledChoice {
  const { ROWS, QUADS, ROW_LANES, COLUMN_LANES } = tile;
  const name = `${kernel} ${ROWS}x${4 * QUADS} lanes ${ROW_LANES}x${COLUMN_LANES} slices ${slices}`;
  return { name, kernel, tile, slices };
}

/** Waves, and the depth that each invocation goes through. */
function work(k: Conv2dGeometry, { kernel, tile, slices }: TiledChoice): { waves: number; depth: number } {
  const knobs = { ...k, RESIDUAL: 0, ACTIVATION: 0, ...tile };
  const grid = kernel === 'stem' ? conv2dStem.grid(knobs) : conv2dTiled.grid({ ...knobs, SLICES: slices });
  const waves = grid[0] * grid[1] * grid[2] * ceilDiv(tile.ROW_LANES * tile.COLUMN_LANES, WAVE);
  if (kernel === 'stem') return { waves, depth: k.KH * k.KW * k.C };
  const channels = 4 * DEPTH;
  return { waves, depth: channels * ceilDiv(k.KH * k.KW * ceilDiv(k.C, channels), slices) };
}

/** Channel quads a step: two keep the next step's loads within the registers. */
const DEPTH = 2;

/** Guessed cycles: what a unit issues, what the caches deliver, and the second pass. */
function cycles(k: Conv2dGeometry, choice: TiledChoice, adapter: Adapter): number {
  const { ROWS, QUADS, ROW_LANES, COLUMN_LANES } = choice.tile;
  const { waves, depth } = work(k, choice);
  const products = ROWS * 4 * QUADS * depth;
  const shared = 4 * (1 / ROWS + 1 / (4 * QUADS)); // bytes of workgroup memory a multiply-add
  const fetched = 4 * (1 / (ROWS * ROW_LANES) + 1 / (4 * QUADS * COLUMN_LANES)); // bytes of x and w
  const rounds = waves / adapter.units + 0.5; // the last round is half empty
  const addresses = (k.PAD_H + k.PAD_W ? 3 : 1) / (4 * QUADS * COLUMN_LANES); // instructions a multiply-add
  const issue = rounds * products * (1 / adapter.rate + shared / 3 + addresses);
  const loads = (fetched * products * waves * WAVE) / adapter.loads;
  const sums = 2 * 4 * choice.slices * k.N * k.OH * k.OW * k.K;
  return START + issue + loads + (choice.slices > 1 ? DISPATCH + sums / adapter.sums : 0);
}

/**
 * Tiles with their best number of slices, best guess first. Empty where neither kernel can: C is no multiple of 4 and too
 * large for `stem` (pad x and w to a multiple of 4 and ask again). K is a multiple of 4.
 */
export function tiledChoices(geometry: Conv2dGeometry, family: GpuFamily): TiledChoice[] {
  const adapter = adapters[family];
  const kernel = geometry.C % 4 ? 'stem' : 'tiled';
  const ranked = adapter.tiles.flatMap((tile) => {
    if (kernel === 'stem' && stemBytes(geometry, tile) > WORKGROUP_MEMORY) return [];
    const slices = kernel === 'stem' ? [1] : sliceCounts(geometry);
    const all = slices.map((count) => rank(geometry, choiceOf(kernel, tile, count), adapter));
    return [all.reduce((a, b) => (before(a, b) <= 0 ? a : b))];
  });
  return ranked.sort(before).map(({ choice }) => choice);
}

interface Ranked {
  readonly choice: TiledChoice;
  readonly idle: boolean;
  readonly cost: number;
}

const rank = (k: Conv2dGeometry, choice: TiledChoice, adapter: Adapter): Ranked => ({
  choice,
  idle: work(k, choice).waves < adapter.units,
  cost: cycles(k, choice, adapter),
});

/** Choices that give every unit a wave come first. */
const before = (a: Ranked, b: Ranked): number => Number(a.idle) - Number(b.idle) || a.cost - b.cost;

/** 1, and the numbers that leave no slice empty and keep the partial sums small. */
function sliceCounts(k: Conv2dGeometry): number[] {
  const steps = k.KH * k.KW * ceilDiv(k.C, 4 * DEPTH);
  const most = Math.max(1, Math.floor(MAX_SUMS / (4 * k.N * k.OH * k.OW * k.K)));
  const counts = Array.from({ length: Math.min(MAX_SLICES, steps, most) }, (_, i) => i + 1);
  return counts.filter((count) => ceilDiv(steps, ceilDiv(steps, count)) === count);
}

/**
 * The calls of one choice. `buffers`: x, w, scale, shift, y and, where `knobs.RESIDUAL` is 1, residual; x and w have
 * `knobs.C` channels. With slices the partial sums lie in a temporary of slices x N x OH x OW x K floats.
 */
export function tiledCalls(name: string, knobs: Conv2dShape, buffers: Call['buffers'], choice: TiledChoice): Call[] {
  const { tile, slices } = choice;
  if (choice.kernel === 'stem') return [call(conv2dStem, { ...knobs, ...tile }, buffers)];
  const tiled = { ...knobs, ...tile, DEPTH, SLICES: slices };
  if (slices === 1) return [call(conv2dTiled, tiled, buffers)];
  const M = knobs.N * knobs.OH * knobs.OW;
  const sums: Temporary = { temporary: `${name} sums`, elements: slices * M * knobs.K };
  const { RESIDUAL, ACTIVATION, K } = knobs;
  const { x, w, ...epilogue } = buffers;
  const bare = { ...tiled, RESIDUAL: 0, ACTIVATION: 0 };
  return [
    call(conv2dTiled, bare, { x: x!, w: w!, y: sums }),
    call(sumSlices, { SLICES: slices, M, K, RESIDUAL, ACTIVATION, WORKGROUP: 64 }, { ...epilogue, sums }),
  ];
}
