// The model that a training run starts from, and what the recipe makes of it.

import { modelGraph } from '../engine/checkModel.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { checkWeights } from '../formats/weights.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { expectedParameters, type ModelConfig, parseConfig, SMALLEST_SIZE } from '../model/config.ts';
import { initialValues } from '../model/initialise.ts';
import type { TrainerOptions } from '../train/plans.ts';
import type { Recipe } from '../train/recipe.ts';
import { blockMomentumOf, frozenOf } from '../train/schedule.ts';

export interface InitialModel {
  readonly config: ModelConfig;
  /** Those of the configured model and no others. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The model of a weights file with the recipe's attentions; those that the file lacks start as new ones do. */
export function initialModel(file: TensorFile, where: string, recipe: Recipe): InitialModel {
  const config = networkOf(parseConfig(file.metadata, where), where, recipe);
  const expected = expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3]));
  const isNew = ([name]: readonly [string, unknown]) => /^(clca|cga)\./.test(name) && !file.tensors.has(name);
  const fresh = initialValues(new Map([...expected].filter(isNew)), recipe.seed);
  const tensors = new Map<string, Tensor>();
  for (const name of expected.keys()) {
    const tensor = fresh.get(name) ?? file.tensors.get(name);
    if (tensor) tensors.set(name, tensor);
  }
  checkWeights({ tensors, metadata: {} }, expected, where);
  const classes = tensors.get(config.model === 'plain' ? 'backbone.fc.weight' : 'heads.1.fc2.weight')!.shape[0]!;
  if (classes !== config.classes.length) {
    const expectedNames = `${classes}, one for each output of the network`;
    throw mismatch('weights', `${where}: configuration`, 'class names', config.classes.length, expectedNames);
  }
  return { config, tensors };
}

function networkOf(config: ModelConfig, where: string, { attention }: Recipe): ModelConfig {
  if (attention === 'model') return config;
  if (config.model === 'plumage') return { ...config, attention };
  throw mismatch('input', where, 'attention', attention, 'model: a plain network has none', 'leave it out');
}

/** Refuses to go on with another network than a run began with. @throws PlumageError `input`, naming the first difference. */
export function checkSameNetwork(config: ModelConfig, saved: ModelConfig, where: string): void {
  const values = (each: ModelConfig) =>
    new Map(Object.entries(each).map(([key, value]) => [key, JSON.stringify(value)]));
  const [mine, its] = [values(config), values(saved)];
  const key = [...mine.keys(), ...its.keys()].find((each) => mine.get(each) !== its.get(each));
  if (key === undefined) return;
  const short = (text = 'nothing') => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
  const [got, had] = [short(mine.get(key)), short(its.get(key))];
  throw new PlumageError(
    'input',
    `${where}: the run's model has ${key} ${had}, --model has ${got} - leave it out, or begin a new run in another folder`,
  );
}

/** `steps` an epoch; undefined where they are not known. */
export function trainerOptions(recipe: Recipe, steps = Number.POSITIVE_INFINITY): TrainerOptions {
  const { batch, microBatch, smoothing, momentum, weightDecay, recompute } = recipe;
  return {
    batch,
    ...(microBatch > 0 && { microBatch }),
    smoothing,
    momentum,
    weightDecay,
    recompute,
    frozen: frozenOf(recipe),
    blockMomentum: blockMomentumOf(recipe, steps).value,
  };
}
