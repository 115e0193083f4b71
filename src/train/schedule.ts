// What follows from a recipe for a run: steps, learning rates, which parameters stay as they are. Pure arithmetic.

import { mismatch } from '../errors.ts';
import type { Recipe } from './recipe.ts';

/** The batch that the learning rates of a recipe are meant for. */
const RATED_BATCH = 16;
/** Below this many steps the running statistics of the branch blocks would keep too much of their initial values. */
const SHORT_RUN = 1000;

/** Whole batches of `images`; the rest of an epoch is dropped. @throws PlumageError `input` where there is none. */
export function stepsPerEpoch(images: number, { batch }: Recipe): number {
  if (images >= batch) return Math.floor(images / batch);
  throw mismatch(
    'input',
    'train',
    'batch',
    batch,
    `at most the ${images} training images`,
    `--batch ${images} or less`,
  );
}

/** lr (1 + cos(pi t / T)) / 2 for the 0-based epoch t of T, scaled by the batch, rising over the warm-up epochs. */
export function ratesOf(recipe: Recipe, epoch: number): { head: number; backbone: number } {
  const { lr, backboneLr, epochs, batch, warmup } = recipe;
  const cosine = (1 + Math.cos((Math.PI * epoch) / epochs)) / 2;
  const factor = cosine * Math.min((epoch + 1) / (warmup + 1), 1) * (batch / RATED_BATCH);
  return { head: lr * factor, backbone: backboneLr * factor };
}

/** Momentum of the branch blocks' running statistics, and whether the recipe left it to the length of the run. */
export function blockMomentumOf({ blockMomentum, epochs }: Recipe, steps: number): { value: number; raised: boolean } {
  if (blockMomentum !== 'auto') return { value: blockMomentum, raised: false };
  const raised = epochs * steps < SHORT_RUN;
  return { value: raised ? 0.1 : 0.01, raised };
}

const STAGES = ['stem', 'layer1', 'layer2', 'layer3', 'layer4'];

/** Dotted prefixes of the names of parameters that are not trained. The plain classifier's fc is a new layer. */
export function frozenOf({ freeze }: Recipe): string[] {
  if (freeze === 'none') return [];
  const last = freeze === 'backbone' ? 'layer4' : freeze;
  const whole = STAGES.slice(1, STAGES.indexOf(last) + 1);
  return ['conv1', 'bn1', ...whole].map((name) => `backbone.${name}`);
}
