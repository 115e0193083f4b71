// tune(): the forms of a model's layers timed on an engine's adapter. Apart from the engine, so that a page that never tunes
// does not carry it.

import { type TuneOptions as TuneGraphOptions, type TuneResult, tune as tuneGraph } from '../gpu/tuner.ts';
import { modelGraph } from './checkModel.ts';
import { keepChoices } from './choices.ts';
import type { Engine } from './engine.ts';
import type { Model } from './model.ts';

export interface TuneOptions extends Pick<TuneGraphOptions, 'onProgress' | 'signal'> {
  /** The time that timing may take, a minute by default. Layers with most arithmetic come first. */
  readonly budgetMilliseconds?: number;
  /** Side of the square input; by default the model's own. */
  readonly size?: number;
  readonly batch?: number;
}

/**
 * Times the forms of the model's layers on the engine's adapter; plans made from now on use the fastest. In a page they are
 * kept for the next `open`. Nothing else tunes. Rejects with code `aborted` when the signal fires.
 */
export async function tune(
  { device }: Engine,
  { config }: Pick<Model, 'config'>,
  options: TuneOptions = {},
): Promise<TuneResult> {
  const { budgetMilliseconds = 60_000, size = config.size, batch = 1, onProgress, signal } = options;
  const graph = modelGraph(config, [batch, size, size, 3]);
  const known = device.target.choices;
  const result = await tuneGraph(device, graph, { budgetMilliseconds, known, onProgress, signal });
  device.target = { ...device.target, choices: result.choices };
  await keepChoices(device.adapterKey, result.choices);
  return result;
}
