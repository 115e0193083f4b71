// The images of a training run: the parts of a data set, with the model's class numbers, and their photos one after another.

import type { Photo } from '../data/decode.ts';
import { capacityFor } from '../data/preprocess.ts';
import { preprocessConfig } from '../engine/photoPlan.ts';
import { PlumageError } from '../errors.ts';
import type { Target } from '../graph/target.ts';
import type { ModelConfig } from '../model/config.ts';
import { checkTrainable, type Dataset, holdOut, type LabelledImage } from '../node/datasets/dataset.ts';
import type { DecodePool } from '../node/decodePool.ts';
import { Loader } from '../node/loader.ts';
import type { ImageStream } from '../train/batches.ts';
import { fingerprintOf, type Position } from '../train/checkpoint.ts';
import { cropOf, trainingImages } from '../train/epoch.ts';
import type { Recipe } from '../train/recipe.ts';
import { labelledFor } from './modelClasses.ts';
import type { RunConfig } from './runFolder.ts';

export interface TrainingData {
  readonly train: readonly LabelledImage[];
  /** What is evaluated after epochs. */
  readonly evaluate: readonly LabelledImage[];
  readonly test: readonly LabelledImage[];
  readonly banner: number;
  readonly fingerprint: string;
}

/**
 * The parts that the recipe asks for, labelled by the order of the model's classes.
 * @throws PlumageError `input` where model and data set disagree about classes, or a class has no training image.
 */
export function trainingData(
  dataset: Dataset,
  recipe: Recipe,
  classes: readonly string[],
  model: string,
): TrainingData {
  const labelled = labelledFor(dataset, classes, model);
  const split = recipe.evaluate === 'held' ? holdOut(dataset, recipe.holdOut, recipe.seed) : undefined;
  const train = split?.train ?? dataset.train;
  checkTrainable(dataset, train);
  const evaluate = recipe.evaluate === 'none' ? [] : (split?.val ?? dataset.test);
  if (recipe.evaluate !== 'none' && evaluate.length === 0) {
    const [what, advice] =
      recipe.evaluate === 'test'
        ? ['no test images', 'use evaluate=held']
        : ['no image that could be held out', 'use evaluate=none'];
    throw new PlumageError('input', `${dataset.root}: ${what}, which evaluate=${recipe.evaluate} asks for - ${advice}`);
  }
  return {
    train: labelled(train),
    evaluate: labelled(evaluate),
    test: labelled(dataset.test),
    banner: dataset.banner,
    fingerprint: fingerprintOf(labelled(train), dataset.root),
  };
}

/** Photos as the recipe crops them, decoded ahead of their use. */
export function photoStream(
  { recipe, network }: RunConfig,
  { train, banner }: TrainingData,
  pool: DecodePool,
  start: Pick<Position, 'epoch' | 'position'>,
  check?: (photo: Photo) => void,
): ImageStream & { close(): void } {
  const preprocessing = preprocessConfig(network);
  const ahead = recipe.batch + 2 * pool.workers;
  const loader = new Loader(pool, trainingImages(recipe, train, start), { banner, ahead, check });
  return {
    async next() {
      const { image, photo, error } = (await loader.next()) ?? {};
      if (!image || !photo) return image && { image, error };
      return { image, content: { photo, crop: cropOf(recipe, image, photo, preprocessing) } };
    },
    close: () => loader.close(),
  };
}

/** Throws where a photo is larger than the adapter can take. */
export const sizeCheck =
  (network: ModelConfig, target: Target) =>
  ({ width, height }: Photo): void => {
    capacityFor(width, height, preprocessConfig(network), target);
  };
