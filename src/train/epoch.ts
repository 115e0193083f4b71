// The images of an epoch: their order and the part that each shows. All of it follows from the seed, the epoch and the
// image's index, so that a run goes on anywhere without a generator's state.

import { trainingCrop } from '../data/augment.ts';
import type { Photo } from '../data/decode.ts';
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

/** What the image of this index shows of its photo in an epoch; undefined for the central crop. */
export function cropOf(
  { seed, augment }: Pick<Recipe, 'seed' | 'augment'>,
  { epoch, index }: Pick<TrainingImage, 'epoch' | 'index'>,
  photo: Photo,
  preprocessing: PreprocessConfig,
): Omit<Crop, 'image'> | undefined {
  if (!augment) return undefined;
  return trainingCrop(random(`${seed}/crop/${epoch}/${index}`), preprocessing, undefined, photo);
}

export interface TrainingImage {
  readonly file: string;
  readonly label: number;
  readonly epoch: number;
  /** Its place in the epoch's order, and in the list of training images. */
  readonly position: number;
  readonly index: number;
}

/** The images of all epochs, from position `from.position` of the epoch `from.epoch` on. */
export function* trainingImages(
  recipe: Pick<Recipe, 'seed' | 'epochs'>,
  images: readonly { readonly file: string; readonly label: number }[],
  from: { readonly epoch: number; readonly position: number },
): Generator<TrainingImage> {
  let { position } = from;
  for (let { epoch } = from; epoch < recipe.epochs; epoch++) {
    const order = orderOf(recipe, epoch, images.length);
    for (; position < images.length; position++) {
      const index = order[position]!;
      const { file, label } = images[index]!;
      yield { file, label, epoch, position, index };
    }
    position = 0;
  }
}
