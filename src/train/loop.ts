// The loop of a training run: epochs of steps, evaluations, checkpoints. What it computes on, where photos come from and where
// checkpoints go are handed in; it opens nothing and writes nothing itself.

import { mismatch, PlumageError } from '../errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { Batches, type ImageStream } from './batches.ts';
import type { Position } from './checkpoint.ts';
import type { EvaluationEvent } from './events.ts';
import { Meter, type MeterOptions } from './meter.ts';
import type { Recipe } from './recipe.ts';
import { ratesOf, stepsPerEpoch } from './schedule.ts';
import type { Rates, StepImage, StepResult } from './trainer.ts';

type Tensors = ReadonlyMap<string, Tensor>;

/** What the loop needs of a trainer. */
export interface Stepper {
  step(images: readonly StepImage[], labels: Uint32Array, rates: Rates): Promise<StepResult>;
  snapshot(): Promise<Tensors>;
  /** Where a value first stopped being finite in the step before. */
  firstNonFinite(labels: Uint32Array): Promise<string | undefined>;
}

export interface Evaluation extends Pick<EvaluationEvent, 'images' | 'top1' | 'concat' | 'entropy'> {}

export interface LoopOptions extends MeterOptions {
  readonly trainer: Stepper;
  readonly stream: ImageStream;
  /** Training images. */
  readonly images: number;
  readonly start: Position;
  /** Steps from one checkpoint within an epoch to the next; 0 for none. */
  readonly saveEvery: number;
  readonly signal: AbortSignal;
  save(at: Position, tensors: Tensors): void;
  /** The weights of the best evaluation so far. */
  keepBest(tensors: Tensors): void;
  evaluate(tensors: Tensors, signal: AbortSignal): Promise<Evaluation>;
  onSkip(error: PlumageError): void;
  /** Shows that something is going on. */
  phase<T>(label: string, work: () => Promise<T>): Promise<T>;
}

/** Runs to the end of the last epoch, or until the held-out part stops getting better. Gives where it ended. */
export async function trainLoop(options: LoopOptions): Promise<Position> {
  const { recipe, images } = options;
  const batches = new Batches(options.stream, recipe, images, options.onSkip);
  const meter = new Meter(options, stepsPerEpoch(images, recipe));
  let at = options.start;
  for (;;) {
    if (at.position === 0 && at.epoch > at.evaluated && isDue(recipe, at.epoch)) {
      at = await options.phase('evaluating', () => evaluated(options, at));
    }
    await stopIfAsked(options, at, false);
    if (at.epoch === recipe.epochs || isStale(recipe, at)) return at;
    at = await options.phase(`epoch ${at.epoch + 1} of ${recipe.epochs}`, () => epoch(options, at, batches, meter));
  }
}

/** The rest of an epoch, and a checkpoint. */
async function epoch(options: LoopOptions, start: Position, batches: Batches, meter: Meter): Promise<Position> {
  const { recipe, trainer, saveEvery } = options;
  const rates = ratesOf(recipe, start.epoch);
  let at = start;
  meter.begin(at);
  for (;;) {
    const batch = await meter.waiting(() => batches.next(at.epoch, at.skipped));
    if (!batch) break;
    const result = await trainer.step(batch.images, batch.labels, rates);
    if (!Number.isFinite(result.loss)) throw await nonFinite(options, at, batch.labels, result.loss);
    const { position, skipped } = batch;
    const correct = countCorrect(result, batch.labels);
    const sums = { steps: at.steps + 1, loss: at.loss + result.loss, correct: at.correct + correct };
    at = { ...at, position, skipped, step: at.step + 1, ...sums };
    meter.step(at, rates, result.loss, correct);
    await stopIfAsked(options, at, true);
    if (saveEvery > 0 && at.steps % saveEvery === 0) options.save(at, await trainer.snapshot());
  }
  if (at.steps === 0) {
    const advice = 'use a smaller batch, or mend the images';
    const got = `${options.images} images of which some cannot be read`;
    throw mismatch('input', `train: epoch ${at.epoch + 1}`, 'data', got, `a whole batch of ${recipe.batch}`, advice);
  }
  meter.end(at, rates);
  const next = { ...at, epoch: at.epoch + 1, position: 0, steps: 0, loss: 0, correct: 0, skipped: 0 };
  options.save(next, await trainer.snapshot());
  return next;
}

async function stopIfAsked({ signal, save, trainer }: LoopOptions, at: Position, unsaved: boolean): Promise<void> {
  if (!signal.aborted) return;
  if (unsaved) save(at, await trainer.snapshot());
  const steps = `${at.step} steps${at.steps > 0 ? `, ${at.steps} of them in epoch ${at.epoch + 1}` : ''}`;
  throw new PlumageError('aborted', `train: stopped after ${steps} - go on with --resume`);
}

const isDue = ({ evaluate, evaluateEvery, epochs }: Recipe, epoch: number) =>
  evaluate !== 'none' && (epoch % evaluateEvery === 0 || epoch === epochs);

/** No better one for as many evaluations as the recipe has patience for. */
const isStale = ({ patience }: Recipe, { since }: Position) => patience > 0 && since >= patience;

async function evaluated(options: LoopOptions, at: Position): Promise<Position> {
  const { recipe, trainer, signal } = options;
  const tensors = await trainer.snapshot();
  const found = await options.evaluate(tensors, signal);
  const isBest = at.best === undefined || found.top1 > at.best.accuracy;
  if (isBest && recipe.evaluate === 'held') options.keepBest(tensors);
  const of = recipe.evaluate === 'held' ? 'held' : 'test';
  options.report({ kind: 'evaluation', epoch: at.epoch, step: at.step, of, ...found });
  const best = isBest ? { epoch: at.epoch, accuracy: found.top1 } : at.best;
  const next = { ...at, evaluated: at.epoch, best, since: isBest ? 0 : at.since + 1 };
  options.save(next, tensors);
  return next;
}

async function nonFinite(
  { trainer, recipe }: LoopOptions,
  at: Position,
  labels: Uint32Array,
  loss: number,
): Promise<PlumageError> {
  const layer = await trainer.firstNonFinite(labels); // computed as f32
  const nowhere = recipe.precision === 'f16' ? 'where f16 stores it, as it passed 65504' : 'only in the loss';
  const where = layer === undefined ? nowhere : `first at ${layer}`;
  const advice = 'the last checkpoint is good: begin a new run with lower learning rates or a warm-up';
  const step = `step ${at.step + 1} (epoch ${at.epoch + 1})`;
  return new PlumageError('input', `train: the loss became ${loss} in ${step}, ${where} - ${advice}`);
}

/** Rows whose largest logit is the label's. */
export function countCorrect({ outputs }: StepResult, labels: Uint32Array): number {
  const { data } = (outputs.combined ?? outputs.logits)!;
  const classes = data.length / labels.length;
  return labels.reduce((sum, label, i) => {
    return sum + (largestOf(data.subarray(i * classes, (i + 1) * classes)) === label ? 1 : 0);
  }, 0);
}

/** Index of the largest value, of equal ones the first. */
export const largestOf = (values: Float32Array): number => values.indexOf(Math.max(...values));
