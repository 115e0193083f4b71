// Time and sums of a run for the lines of metrics and the progress bar. Nothing of it decides anything.

import type { Position } from './checkpoint.ts';
import type { EpochEvent, TrainingEvent } from './events.ts';
import type { Recipe } from './recipe.ts';
import type { Rates } from './trainer.ts';

export interface MeterOptions {
  readonly recipe: Recipe;
  report(event: TrainingEvent): void;
  /** After every step, for a progress bar. */
  onStep(progress: StepProgress): void;
  /** Milliseconds of a clock. */
  now(): number;
}

export interface StepProgress {
  readonly epoch: number;
  readonly stepInEpoch: number;
  readonly steps: number;
  /** Means of the epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
  readonly imagesPerSecond: number;
  readonly secondsLeft: number;
}

/** About as many lines of metrics as an epoch is given. */
const LINES_PER_EPOCH = 50;

export class Meter {
  readonly #every: number;
  #epochStart = 0;
  #epochWaited = 0;
  #stepsHere = 0;
  #line = { start: 0, waited: 0, steps: 0, loss: 0, correct: 0 };

  constructor(
    readonly options: MeterOptions,
    readonly steps: number,
  ) {
    this.#every = Math.ceil(steps / LINES_PER_EPOCH);
  }

  begin(at: Position): void {
    this.#epochStart = this.options.now();
    this.#epochWaited = 0;
    this.#stepsHere = 0;
    this.#line = this.#newLine();
    this.#show(at);
  }

  async waiting<T>(work: () => Promise<T>): Promise<T> {
    const start = this.options.now();
    const result = await work();
    const waited = this.options.now() - start;
    this.#epochWaited += waited;
    this.#line.waited += waited;
    return result;
  }

  step(at: Position, rates: Rates, loss: number, correct: number): void {
    const line = this.#line;
    this.#stepsHere++;
    line.steps++;
    line.loss += loss;
    line.correct += correct;
    this.#show(at);
    if (at.steps % this.#every !== 0) return;
    const seconds = (this.options.now() - line.start) / 1000;
    this.options.report({ kind: 'step', ...this.#facts(at, rates, line, seconds, line.waited) });
    this.#line = this.#newLine();
  }

  end(at: Position, rates: Rates): void {
    if (at.steps === 0) return;
    const seconds = (this.options.now() - this.#epochStart) / 1000;
    const facts = this.#facts(at, rates, at, seconds, this.#epochWaited);
    const imagesPerSecond = (this.#stepsHere * this.options.recipe.batch) / seconds;
    const event: EpochEvent = { kind: 'epoch', ...facts, imagesPerSecond, seconds, skipped: at.skipped };
    this.options.report(event);
  }

  #newLine = () => ({ start: this.options.now(), waited: 0, steps: 0, loss: 0, correct: 0 });

  #facts(
    { epoch, step }: Position,
    rates: Rates,
    sums: { steps: number; loss: number; correct: number },
    seconds: number,
    waited: number,
  ) {
    const images = sums.steps * this.options.recipe.batch;
    return {
      epoch,
      step,
      loss: sums.loss / sums.steps,
      accuracy: sums.correct / images,
      lr: rates.head,
      backboneLr: rates.backbone,
      imagesPerSecond: images / seconds,
      waited: seconds > 0 ? waited / 1000 / seconds : 0,
    };
  }

  #show({ epoch, steps, loss, correct }: Position): void {
    const { recipe, now } = this.options;
    const secondsPerStep = this.#stepsHere > 0 ? (now() - this.#epochStart) / 1000 / this.#stepsHere : Number.NaN;
    const left = (recipe.epochs - epoch) * this.steps - steps;
    this.options.onStep({
      epoch,
      stepInEpoch: steps,
      steps: this.steps,
      loss: loss / steps,
      accuracy: correct / (steps * recipe.batch),
      imagesPerSecond: recipe.batch / secondsPerStep,
      secondsLeft: left * secondsPerStep,
    });
  }
}
