// Batches of images for training. Images that cannot be read are skipped and counted; their places go to those that
// come after them.

import { mismatch, type PlumageError } from '../errors.ts';
import type { TrainingImage } from './epoch.ts';
import type { Recipe } from './recipe.ts';
import type { StepImage } from './trainer.ts';

/** Where images come from, in the order of `trainingImages`. */
export interface ImageStream {
  next(): Promise<Arrival | undefined>;
}

export interface Arrival {
  readonly image: TrainingImage;
  /** Absent where it could not be read. */
  readonly content?: StepImage;
  readonly error?: PlumageError;
}

export interface Batch {
  readonly images: readonly StepImage[];
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
    readonly stream: ImageStream,
    readonly recipe: Pick<Recipe, 'batch'>,
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
    const images: StepImage[] = [];
    const labels = new Uint32Array(batch);
    let count = skipped;
    let position = 0;
    while (images.length < batch) {
      const arrival = this.#early ?? (await this.stream.next());
      this.#early = undefined;
      if (arrival && arrival.image.epoch !== epoch) this.#early = arrival;
      if (!arrival || this.#early) return undefined;
      const { image, content, error } = arrival;
      position = image.position + 1;
      if (content) {
        labels[images.length] = image.label;
        images.push(content);
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
