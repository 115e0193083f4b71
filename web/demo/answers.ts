// What is known of the photo on the stage: predictions with their times, in the page and as JSON.

import type { LayerTime } from '../../src/gpu/profile.ts';
import { time } from '../../src/report/format.ts';
import type { Classification, WorkerEngine, WorkerModel } from '../../src/worker.ts';
import { facts, find } from './dom.ts';

/** Milliseconds of a model: the first run includes compiling, a later one does not. */
export interface Times {
  readonly load: number;
  first?: number;
  later?: number;
}

export function showTimes({ load, first, later }: Times, decode: number): void {
  facts(find('dl', 'times'), [
    ['Loading', time(load)],
    ['First run, compiling', first === undefined ? '…' : time(first)],
    ['Every run after', later === undefined ? '…' : time(later)],
    ['Decoding', time(decode)],
  ]);
}

export interface Answered {
  readonly engine: WorkerEngine;
  readonly model: WorkerModel;
  readonly modelName: string;
  readonly photo: string;
  readonly result: Classification;
  readonly predictions: Classification['predictions'];
  /** Classes of the head that gave the predictions, where one did. */
  readonly taught?: readonly string[];
  readonly times: Times;
  readonly layers?: readonly LayerTime[];
}

export function asJson({ engine, model, modelName, photo, result, predictions, ...rest }: Answered): string {
  const { taught, times, layers } = rest;
  const { width, height, crop, milliseconds } = result;
  const { model: kind, size, classes } = model.config;
  return JSON.stringify(
    {
      model: { name: modelName, kind, size, classes: taught ?? classes.length },
      adapter: engine.adapter,
      precision: engine.precision,
      photo: { name: photo, width, height, crop },
      predictions,
      milliseconds: { ...times, decode: milliseconds.decode },
      layers,
    },
    undefined,
    2,
  );
}
