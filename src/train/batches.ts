// Batches of decoded photos for training. Images that cannot be read are skipped and counted; their places go to those that
// come after them.

import type { Photo } from '../data/decode.ts';
import type { PreprocessConfig } from '../data/preprocess.ts';
import { mismatch, type PlumageError } from '../errors.ts';
import { cropOf, type TrainingImage } from './epoch.ts';
import type { Recipe } from './recipe.ts';
import type { TrainingImage as CroppedPhoto } from './trainer.ts';

/** Where decoded photos come from, in the order of `trainingImages`. */
export interface PhotoStream {
  next(): Promise<Arrival | undefined>;
}

export interface Arrival {
  readonly image: TrainingImage;
  readonly photo?: Photo;
  readonly error?: PlumageError;
}

export interface Batch {
  readonly images: readonly CroppedPhoto[];
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Images of the epoch's order that are taken now, and those of them that could not be read. */
  readonly position: number;
  readonly skipped: number;
}

/** Most of an epoch's images that may be unreadable. */
const MOST_SKIPPED = 0.01;

export class Batches {
  /** The first image of the next epoch, which has arrived already. */
  #early: Arrival | undefined;

  constructor(
    readonly stream: PhotoStream,
    readonly recipe: Pick<Recipe, 'batch' | 'seed' | 'augment'>,
    readonly preprocessing: PreprocessConfig,
    /** Images of an epoch. */
    readonly images: number,
    readonly onSkip: (error: PlumageError) => void,
  ) {}

  /**
   * The next batch of `epoch`, undefined where less than a batch is left. `skipped` are those before it.
   * Rejects with code `input` where too many images cannot be read.
   */
  async next(epoch: number, skipped: number): Promise<Batch | undefined> {
    const { batch } = this.recipe;
    const images: CroppedPhoto[] = [];
    const labels = new Uint32Array(batch);
    let count = skipped;
    let position = 0;
    while (images.length < batch) {
      const arrival = this.#early ?? (await this.stream.next());
      this.#early = undefined;
      if (arrival && arrival.image.epoch !== epoch) this.#early = arrival;
      if (!arrival || this.#early) return undefined;
      const { image, photo, error } = arrival;
      position = image.position + 1;
      if (photo) {
        labels[images.length] = image.label;
        images.push({ photo, crop: cropOf(this.recipe, image, photo, this.preprocessing) });
      } else if (error) {
        count++;
        this.onSkip(error);
        this.#check(count, error);
      }
    }
    return { images, labels, position, skipped: count };
  }

  #check(skipped: number, { message }: PlumageError): void {
    if (skipped <= MOST_SKIPPED * this.images) return;
    const advice = `the last one: ${message}`;
    throw mismatch('input', 'train', 'unreadable images', `${skipped} of ${this.images}`, 'at most 1 %', advice);
  }
}
