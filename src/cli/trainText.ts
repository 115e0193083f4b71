// What `plumage train` says: the recipe's help, the dry run, the line beside the progress bar, the end. Pure.

import type { TrainingCost } from '../train/cost.ts';
import { bindingLimit, mib } from '../train/cost.ts';
import type { Evaluation } from '../train/loop.ts';
import type { StepProgress } from '../train/meter.ts';
import { defaults, type Recipe, type RecipeKey } from '../train/recipe.ts';
import { bytesText, paint, table, timeText } from './text.ts';
import type { TrainResult } from './trainFinish.ts';

const meanings: Readonly<Record<RecipeKey, string>> = {
  epochs: 'passes over the training images',
  batch: 'images a step; learning rates are those of 16 and scale with it',
  microBatch: 'images on the device at a time, a divisor of batch; batch norms see only these (0: all)',
  lr: 'learning rate of new layers, by half a cosine to 0',
  backboneLr: "learning rate of the pretrained backbone's layers",
  warmup: 'epochs over which the rates rise',
  momentum: 'of SGD',
  weightDecay: 'on all weights but gamma and beta of the attentions',
  smoothing: 'label smoothing',
  blockMomentum: "of the branch blocks' running statistics: 0.01, or 0.1 in a run of under 1000 steps",
  seed: 'of the order of images, crops, flips and what is held out',
  augment: 'random crops and flips',
  freeze: 'keep the backbone up to this stage as it is: stem, layer1, layer2, layer3, backbone',
  attention: 'none, clca, cga or both instead of what the model says',
  evaluate: 'after epochs: held (a part held out of train, which then chooses the weights) or test',
  evaluateEvery: 'epochs from one evaluation to the next',
  holdOut: 'share of each class that is held out, where the data set has no official list',
  patience: 'with evaluate=held: end after so many evaluations without a better one (0: never)',
  precision: 'f16: values between layers take half the memory, where the adapter can; gradients and weights stay f32',
  recompute: "compute blocks' values again in the backward pass: less memory, more time",
  recalibrateBn: 'estimate the running statistics anew over the training images at the end',
};

/** Every key of the recipe with its default and what it means. */
export function recipeHelp(): string {
  const rows = (Object.keys(meanings) as RecipeKey[]).map((key) => [`${key}=${defaults[key]}`, meanings[key]]);
  return table(rows);
}

/** Number of images and of steps, where data is given. */
export interface Amount {
  readonly train: number;
  readonly test?: number;
  readonly steps: number;
}

export interface DryRun {
  readonly cost: TrainingCost;
  readonly limit: number;
  readonly amount?: Amount;
  readonly gflops: number;
  readonly secondsPerStep: number;
  readonly hours?: number;
}

export function dryRunFacts(
  cost: TrainingCost,
  target: Parameters<typeof bindingLimit>[0],
  recipe: Recipe,
  gflops: number,
  amount?: Amount,
): DryRun {
  const secondsPerStep = cost.flops / (gflops * 1e9);
  const hours = amount && (secondsPerStep * amount.steps * recipe.epochs) / 3600;
  return { cost, limit: bindingLimit(target), amount, gflops, secondsPerStep, hours };
}

export function dryRunText(
  { cost, limit, amount, gflops, secondsPerStep, hours }: DryRun,
  recipe: Recipe,
  fits?: number,
) {
  const { values, states, constants, peak, largest, flops, dispatches } = cost;
  const tooLarge = largest.bytes > limit;
  const advice = fits === undefined ? 'no micro-batch fits' : `--micro-batch ${fits} fits`;
  const note = tooLarge
    ? paint('yellow', `past WebGPU's default of ${mib(limit)}: ${advice}, or an adapter that offers more`)
    : `within WebGPU's default of ${mib(limit)}`;
  const { batch, microBatch, epochs } = recipe;
  const batchText = microBatch > 0 ? `${batch} images a step, ${microBatch} at a time` : `${batch} images a step`;
  const rows = [
    ...(amount
      ? [['data', `${amount.train} training images${amount.test === undefined ? '' : `, ${amount.test} for tests`}`]]
      : []),
    ['batch', batchText],
    ...(amount ? [['steps', `${amount.steps} an epoch, ${amount.steps * epochs} in ${epochs} epochs`]] : []),
    ['planned peak', paint('bold', bytesText(peak))],
    ['  values', bytesText(values)],
    ['  weights', `${bytesText(states)} with velocities and statistics`],
    ...(constants > 0 ? [['  frozen', bytesText(constants)]] : []),
    ['largest buffer', `${mib(largest.bytes)} (${largest.name}), ${note}`],
    ['compute', `${(flops / 1e9).toFixed(1)} GFLOP a step in ${dispatches} dispatches`],
    ['time', `${timeText(1000 * secondsPerStep)} a step at an assumed ${gflops} GFLOP/s (set it by --gflops)`],
    ...(hours === undefined ? [] : [['', `${timeText(3.6e6 * hours)} in all, without evaluations`]]),
  ];
  return table(rows);
}

/** `loss 1.234, 45.6 % right, 12.3 images/s, 2 h 05 min left` */
export function stepText({ loss, accuracy, imagesPerSecond, secondsLeft }: StepProgress): string {
  const parts = [
    Number.isFinite(loss) ? `loss ${loss.toFixed(3)}, ${percent(accuracy)} right` : '',
    Number.isFinite(imagesPerSecond) ? `${imagesPerSecond.toPrecision(3)} images/s` : '',
    Number.isFinite(secondsLeft) ? `${timeText(1000 * secondsLeft)} left` : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || 'starting';
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** `81.2 % of 3333 (standard error 0.7), the concatenated branches alone 80.9 %` */
export function accuracyText({ images, top1, concat }: Evaluation): string {
  const error = 100 * Math.sqrt((top1 * (1 - top1)) / images);
  const all = `${percent(top1)} of ${images} (standard error ${error.toFixed(1)})`;
  return concat === undefined ? all : `${all}, the concatenated branches alone ${percent(concat)}`;
}

/** Where the weights are, how good they are, and what the run waited for. */
export function endText({ file, bytes, out, test, best, waited }: TrainResult): string {
  const rows = [
    ['weights', `${file}  ${bytesText(bytes)}`],
    ...(test ? [['test', paint('bold', accuracyText(test))]] : []),
    ...(best?.of === 'held' ? [['chosen', `epoch ${best.epoch}, ${percent(best.accuracy)} of the held-out part`]] : []),
    ...(best?.of === 'test' ? [['published-style', publishedStyle(best)]] : []),
    ['waited', `${percent(waited)} of the time the GPU waited for photos`],
    ['curves', `${out}/curves.html`],
  ];
  return table(rows);
}

const publishedStyle = ({ epoch, accuracy }: { epoch: number; accuracy: number }) =>
  `${percent(accuracy)} after epoch ${epoch}, chosen on the test images themselves: not a result`;
