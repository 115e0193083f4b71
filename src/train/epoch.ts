// The images of an epoch: their order and the part that each shows. All of it follows from the seed, the epoch and the
// image's index, so that a run goes on anywhere without a generator's state.

import { trainingCrop } from '../data/augment.ts';
import type { Crop, PreprocessConfig } from '../data/preprocess.ts';
import { random } from '../model/random.ts';
import type { Recipe } from './recipe.ts';

/** Indices 0 to `count` - 1 in the order of the 0-based epoch: Fisher and Yates's shuffle. */
export function orderOf({ seed }: Pick<Recipe, 'seed'>, epoch: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const next = random(`${seed}/order/${epoch}`);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** What the image of this index shows in an epoch; undefined for the central crop. */
export function cropOf(
  { seed, augment }: Pick<Recipe, 'seed' | 'augment'>,
  epoch: number,
  index: number,
  preprocessing: PreprocessConfig,
): Crop | undefined {
  return augment ? trainingCrop(random(`${seed}/crop/${epoch}/${index}`), preprocessing) : undefined;
}

export interface TrainingImage {
  readonly file: string;
  readonly label: number;
  readonly crop?: Crop;
  readonly epoch: number;
  /** Its place in the epoch's order. */
  readonly position: number;
}

/** The images of all epochs, from position `from.position` of the epoch `from.epoch` on. */
export function* trainingImages(
  recipe: Recipe,
  images: readonly { readonly file: string; readonly label: number }[],
  preprocessing: PreprocessConfig,
  from: { readonly epoch: number; readonly position: number },
): Generator<TrainingImage> {
  let position = from.position;
  for (let epoch = from.epoch; epoch < recipe.epochs; epoch++) {
    const order = orderOf(recipe, epoch, images.length);
    for (; position < images.length; position++) {
      const index = order[position]!;
      const { file, label } = images[index]!;
      yield { file, label, crop: cropOf(recipe, epoch, index, preprocessing), epoch, position };
    }
    position = 0;
  }
}
