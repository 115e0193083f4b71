// The training recipe as one typed configuration: defaults are those of the published method's specification. Checked here,
// saved with the run; what follows from it stands in schedule.ts.

import { mismatch, PlumageError } from '../errors.ts';
import type { Precision } from '../graph/target.ts';

export interface Recipe {
  readonly epochs: number;
  /** Images a step. Learning rates are those of 16 images and scale with it. */
  readonly batch: number;
  /** Images that are on the device at a time; their gradients add up to the step's. Batch norms see only these. */
  readonly microBatch: number;
  /** Learning rate of new layers, and of a pretrained backbone's, at 16 images a step. */
  readonly lr: number;
  readonly backboneLr: number;
  /** Epochs over which learning rates rise from near 0. */
  readonly warmup: number;
  readonly momentum: number;
  /** On everything but gamma and beta of the attentions. */
  readonly weightDecay: number;
  readonly smoothing: number;
  /** Of the running statistics of the branch blocks; `auto`: 0.01, or 0.1 in a run of under 1000 steps. */
  readonly blockMomentum: number | 'auto';
  readonly seed: number;
  /** Random crops and flips; without, the test's central crop. */
  readonly augment: boolean;
  /** The backbone up to and with this stage stays as it is. */
  readonly freeze: 'none' | 'stem' | 'layer1' | 'layer2' | 'layer3' | 'backbone';
  /** Which attentions the network has; `model`: as its file says. */
  readonly attention: 'model' | 'none' | 'clca' | 'cga' | 'both';
  /** What is evaluated after epochs: a part held out of train, which then chooses the model, or the test images. */
  readonly evaluate: 'none' | 'held' | 'test';
  readonly evaluateEvery: number;
  /** The share of each class that is held out, where the data set has no official list. */
  readonly holdOut: number;
  /** Stop after so many evaluations of the held-out part without a better one; 0: never. */
  readonly patience: number;
  /** What values between layers are stored as; weights, gradients and all arithmetic are f32. f16 needs an adapter that can. */
  readonly precision: Precision;
  /** Compute a block's values again in the backward pass instead of keeping them. */
  readonly recompute: boolean;
  /** Estimate the running statistics anew over the training images when training is done. */
  readonly recalibrateBn: boolean;
}

export const defaults: Recipe = {
  epochs: 200,
  batch: 16,
  microBatch: 0,
  lr: 0.002,
  backboneLr: 0.0002,
  warmup: 0,
  momentum: 0.9,
  weightDecay: 5e-4,
  smoothing: 0,
  blockMomentum: 'auto',
  seed: 0,
  augment: true,
  freeze: 'none',
  attention: 'model',
  evaluate: 'none',
  evaluateEvery: 1,
  holdOut: 0.1,
  patience: 0,
  precision: 'f32',
  recompute: false,
  recalibrateBn: false,
};

export type RecipeKey = keyof Recipe;

type Rule = readonly [fits: (value: unknown) => boolean, expected: string];

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const wholeFrom = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && (value as number) >= least,
  `a whole number from ${least}`,
];
const below = (limit: number): Rule => [
  (value) => isNumber(value) && value >= 0 && value < limit,
  `a number from 0 to below ${limit}`,
];
const rate: Rule = [(value) => isNumber(value) && value >= 0 && value <= 100, 'a number from 0 to 100'];
const truth: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const oneOf = (...values: readonly string[]): Rule => [
  (value) => values.some((each) => each === value),
  `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
];

const rules: Record<RecipeKey, Rule> = {
  epochs: wholeFrom(1),
  batch: wholeFrom(2),
  microBatch: wholeFrom(0),
  lr: rate,
  backboneLr: rate,
  warmup: wholeFrom(0),
  momentum: below(1),
  weightDecay: below(1),
  smoothing: below(1),
  blockMomentum: [
    (value) => value === 'auto' || (isNumber(value) && value > 0 && value <= 1),
    'auto, or a number above 0 up to 1',
  ],
  seed: wholeFrom(0),
  augment: truth,
  freeze: oneOf('none', 'stem', 'layer1', 'layer2', 'layer3', 'backbone'),
  attention: oneOf('model', 'none', 'clca', 'cga', 'both'),
  evaluate: oneOf('none', 'held', 'test'),
  evaluateEvery: wholeFrom(1),
  holdOut: [(value) => isNumber(value) && value > 0 && value < 1, 'a number between 0 and 1'],
  patience: wholeFrom(0),
  precision: oneOf('f32', 'f16'),
  recompute: truth,
  recalibrateBn: truth,
};

export const recipeKeys = Object.keys(defaults) as RecipeKey[];

/** The defaults with `settings` in their place. @throws PlumageError `input`, naming the first key that is wrong. */
export function checkRecipe(settings: Readonly<Record<string, unknown>>, where = 'recipe'): Recipe {
  const unknown = Object.keys(settings).find((key) => !Object.hasOwn(defaults, key));
  if (unknown !== undefined) {
    throw mismatch('input', where, 'key', JSON.stringify(unknown.slice(0, 40)), `one of ${recipeKeys.join(', ')}`);
  }
  const recipe = { ...defaults, ...settings };
  for (const key of recipeKeys) {
    const [fits, expected] = rules[key];
    if (!fits(recipe[key])) throw mismatch('input', where, key, JSON.stringify(recipe[key]), expected);
  }
  const { batch, microBatch } = recipe;
  if (microBatch > 0 && batch % microBatch !== 0) {
    throw mismatch('input', where, 'microBatch', microBatch, `a divisor of the batch of ${batch}`);
  }
  if (microBatch === 1) {
    const advice = 'its batch norms would see one value a channel';
    throw mismatch('input', where, 'microBatch', 1, 'at least 2, or 0 for the whole batch', advice);
  }
  if (recipe.patience > 0 && recipe.evaluate !== 'held') {
    throw mismatch('input', where, 'evaluate', recipe.evaluate, 'held where patience is set', '--set evaluate=held');
  }
  return recipe;
}

/** Refuses to go on with another recipe than a run began with. @throws PlumageError `input`, naming the first difference. */
export function checkSame(recipe: Recipe, saved: Recipe, where: string): void {
  const key = recipeKeys.find((each) => recipe[each] !== saved[each]);
  if (key === undefined) return;
  const advice = 'leave it out, or begin a new run in another folder';
  throw new PlumageError(
    'input',
    `${where}: the run began with ${key}=${saved[key]}, got ${key}=${recipe[key]} - ${advice}`,
  );
}
