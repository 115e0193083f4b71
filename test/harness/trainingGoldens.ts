// What the twin says of training steps (test/fixtures/makeTrainingGoldens.py), and the hashed weights and batches that it
// started from. Gradients and running statistics stand in the goldens as one magnitude and a sample.

import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import short from '../fixtures/goldens/training.json';
import long from '../fixtures/goldens/trainingLong.json';
import { configOf, plainOf } from './configs.ts';
import { hashedModel } from './hashedFinegrained.ts';
import { hashedPhoto, hashedValues } from './hashedWeights.ts';
import { LOSSES_BOUNDS, STEP_BOUNDS, type StepBounds } from './tolerance.ts';

/** PyTorch's own f32 against its f64, by what is compared. */
type Float32 = Readonly<Record<string, number>>;

export interface StepCase {
  readonly preset: 'paper' | 'lite' | 'tiny' | 'plain';
  /** Prefix of the names that the images are hashed from. */
  readonly images: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly shape: readonly number[];
  readonly smoothing: number;
  readonly blockMomentum: number;
  readonly crc32: { readonly x: number; readonly labels: number };
  readonly float32: Float32;
}

export interface LossesCase {
  readonly steps: number;
  readonly decay: number;
  readonly rates: { readonly new: number; readonly backbone: number };
  readonly float32: Float32;
}

const CLASSES = 10;
const known = { ...short, ...long } as unknown as Readonly<Record<string, StepCase | LossesCase>>;
export const stepKeys = Object.keys(known).filter((key) => 'preset' in known[key]!);
export const stepCase = (key: string): StepCase => known[key] as StepCase;
export const lossesCase = (key: string): LossesCase => known[key] as LossesCase;

export function configOfCase({ preset, changes, shape }: StepCase): ModelConfig {
  const all = { ...changes, size: shape[1]! };
  return preset === 'plain' ? plainOf(CLASSES, all) : configOf(preset, CLASSES, all);
}

/**
 * Hashed weights whose residual branches add little: many layers of hashed weights and batch norms magnify roundings so
 * much that PyTorch's f32 misses the bars.
 */
export function trainingWeights(config: ModelConfig): Map<string, Tensor> {
  const factor = (name: string) => (name.endsWith('bn3.weight') ? 0.25 : name.endsWith('downsample.1.weight') ? 2 : 1);
  const scaled = ([name, { shape, data }]: [string, Tensor]): [string, Tensor] => [
    name,
    { shape, data: data.map((value) => value * factor(name)) },
  ];
  return new Map(Object.entries(hashedModel(config)).map(scaled));
}

/** x (N, H, W, 3) of smooth images, in about [-2, 2], and labels (N). */
export function trainingBatch({ images, shape }: StepCase): { x: Float32Array; labels: Uint32Array } {
  const [n, size] = shape as [number, number];
  const x = new Float32Array(n * size * size * 3);
  for (let i = 0; i < n; i++) {
    const image = hashedPhoto(`${images}/${i}`, size).map((value) => value / 64);
    x.set(image, i * image.length);
  }
  return { x, labels: Uint32Array.from(hashedValues(`labels/${n}`, n, 0, CLASSES)) };
}

/** The part of the network that a parameter belongs to; `clca.fuse` ends in a ReLU, as the blocks do. */
export function groupOf(name: string): keyof typeof STEP_BOUNDS.gradients {
  const [first] = name.split('.');
  return name.startsWith('clca.fuse.') ? 'blocks' : (first as keyof typeof STEP_BOUNDS.gradients);
}

/** Expected values of one case. */
export class StepGoldens {
  readonly #goldens: ReadonlyMap<string, Tensor>;
  /** Norm of the largest gradient in each group. */
  readonly #largest = new Map<string, number>();

  constructor(
    goldens: ReadonlyMap<string, Tensor>,
    readonly key: string,
  ) {
    this.#goldens = goldens;
    for (const name of this.names('gradients')) {
      const [group, norm] = [groupOf(name), this.#of('gradients', name)[0]!];
      this.#largest.set(group, Math.max(norm, this.#largest.get(group) ?? 0));
    }
  }

  names(kind: 'logits' | 'statistics' | 'gradients'): string[] {
    const prefix = `${this.key}/${kind}/`;
    return [...this.#goldens.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }

  get loss(): number {
    return this.#goldens.get(`${this.key}/loss`)!.data[0]!;
  }

  #of(kind: string, name: string): Float32Array {
    const tensor = this.#goldens.get(`${this.key}/${kind}/${name}`);
    assert.ok(tensor, `${this.key}: no golden of ${kind} ${name}`);
    return tensor!.data;
  }

  /** Largest difference as a share of the largest magnitude. */
  logits(name: string, got: Float32Array): number {
    const want = this.#of('logits', name);
    assert.is(got.length, want.length, name);
    return largest(want.map((value, i) => got[i]! - value)) / largest(want);
  }

  /** The same for a running mean or variance. */
  statistics(name: string, got: Float32Array): number {
    const [reach, ...want] = this.#of('statistics', name);
    return largest(differences(name, got, want)) / reach!;
  }

  /**
   * Relative L2 of a gradient, in PyTorch's layout: estimated from the sample, or that of the norms where it is larger.
   * What a batch norm behind the parameter cancels but for its eps is rounding: gradients under a thousandth of the
   * group's largest norm are compared with that.
   */
  relativeL2(name: string, got: Float32Array): number {
    const [norm, ...want] = this.#of('gradients', name);
    const scale = Math.max(norm!, 1e-3 * this.#largest.get(groupOf(name))!);
    const off = l2(differences(name, got, want)) * Math.sqrt(got.length / want.length);
    return Math.max(off, Math.abs(l2(got) - norm!)) / scale;
  }
}

/** At each index that the sample has: all where the tensor is no larger. */
function differences(name: string, got: Float32Array, want: readonly number[]): number[] {
  assert.ok(
    got.length >= want.length && want.length > 0,
    `${name}: ${got.length} values, ${want.length} in the sample`,
  );
  const at = (i: number) => (got.length === want.length ? i : (i * 104729) % got.length);
  return want.map((value, i) => got[at(i)]! - value);
}

const l2 = (values: ArrayLike<number>): number => Math.sqrt(reduce(values, (sum, value) => sum + value * value));
/** NaN passes no comparison: it must not pass for a small value. */
const largest = (values: ArrayLike<number>): number =>
  reduce(values, (most, value) => (Math.abs(value) <= most ? most : Math.abs(value)));

function reduce(values: ArrayLike<number>, next: (sum: number, value: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum = next(sum, values[i]!);
  return sum;
}

/** What a step gave, in PyTorch's layout. */
export interface StepValues {
  readonly loss: number;
  readonly logits: Readonly<Record<string, Tensor>>;
  readonly statistics: ReadonlyMap<string, Tensor>;
  readonly gradients: ReadonlyMap<string, Tensor>;
}

/** All within the bars; says how far each kind is off at most, and where. */
export function checkStep(goldens: StepGoldens, got: StepValues, bars: StepBounds = STEP_BOUNDS): string {
  const { loss, key } = goldens;
  assert.equal([...got.gradients.keys()].sort(), goldens.names('gradients').sort(), key);
  assert.equal([...got.statistics.keys()].sort(), goldens.names('statistics').sort(), key);
  const worst = new Map<string, { off: number; at: string }>();
  const note = (what: string, off: number, at: string) => {
    if (!(off <= (worst.get(what)?.off ?? -1))) worst.set(what, { off, at });
  };
  note('loss', Math.abs(got.loss / loss - 1), 'loss');
  for (const [name, { data }] of Object.entries(got.logits)) note('logits', goldens.logits(name, data), name);
  for (const [name, { data }] of got.statistics) note('statistics', goldens.statistics(name, data), name);
  for (const [name, { data }] of got.gradients) note(groupOf(name), goldens.relativeL2(name, data), name);
  const { gradients, ...others } = bars;
  const bounds: Readonly<Record<string, number>> = { ...others, ...gradients };
  const texts = [...worst].map(([what, { off, at }]) => `${what} ${off.toExponential(1)} (${at})`);
  const failed = [...worst.keys()].filter((what) => !(worst.get(what)!.off <= bounds[what]!));
  const text = `${key} is off by ${texts.join(', ')}`;
  if (failed.length > 0) throw new Error(`${text}: past the bar, ${failed.join(', ')}`);
  return text;
}

/** Losses of several steps within the bars; says how far they are off at most. */
export function checkLosses(goldens: ReadonlyMap<string, Tensor>, key: string, got: readonly number[]): string {
  const want = goldens.get(`${key}/losses`)!.data;
  assert.is(got.length, want.length, key);
  const off = got.map((loss, i) => Math.abs(loss / want[i]! - 1));
  const text = `${key}: losses are off by ${off.map((each) => each.toExponential(0)).join(' ')}`;
  const fits = off.every((each, i) => each <= LOSSES_BOUNDS[Math.min(i, 2)]!);
  if (!fits) throw new Error(`${text}: past the bar; got ${got.join(' ')}`);
  return text;
}
