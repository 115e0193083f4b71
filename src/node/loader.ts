// Hands out the photos of a data set one after another, decoded ahead of their use by a pool's threads, always in the order
// in which they were named. It draws nothing: crops and flips come with the images from whoever names them.

import type { Photo } from '../data/decode.ts';
import { PlumageError } from '../errors.ts';
import type { DecodePool } from './decodePool.ts';

export interface LoaderOptions {
  /** Photos decoded or being decoded beyond those that were taken; they lie in memory as RGBA8. Default: 2 a worker. */
  readonly ahead?: number;
  /** Rows of pixels to crop off the bottom of every photo. */
  readonly banner?: number;
  /** Throws a PlumageError where a photo is of no use, which then is handed out as that error. */
  readonly check?: (photo: Photo) => void;
}

/** A photo with what was named, or the reason why there is none. */
export type Loaded<T> =
  | { readonly image: T; readonly photo: Photo; readonly error?: undefined }
  | { readonly image: T; readonly photo?: undefined; readonly error: PlumageError };

/**
 * Photos of `images`, which may be a generator of many epochs: an image is asked for only when there is room for it.
 * `T` may carry a label, a crop, whatever belongs to the image. An unreadable photo is handed out as its error, in its place.
 */
export class Loader<T extends { readonly file: string }> {
  readonly #images: Iterator<T>;
  readonly #queue: Promise<Loaded<T>>[] = [];
  readonly #ahead: number;
  readonly #banner: number;
  readonly #check: LoaderOptions['check'];
  #done = false;
  #waited = 0;

  constructor(
    readonly pool: DecodePool,
    images: Iterable<T>,
    { ahead = 2 * pool.workers, banner = 0, check }: LoaderOptions = {},
  ) {
    this.#images = images[Symbol.iterator]();
    this.#ahead = Math.max(ahead, 1);
    this.#banner = banner;
    this.#check = check;
    this.#fill();
  }

  /** Milliseconds that next() has kept its callers waiting, all calls together. */
  get waitedMs(): number {
    return this.#waited;
  }

  /** The next photo, undefined after the last. Rejects only where decoding itself is broken, not a photo. */
  async next(): Promise<Loaded<T> | undefined> {
    const first = this.#queue.shift();
    this.#fill();
    if (!first) return undefined;
    const start = performance.now();
    const loaded = await first;
    this.#waited += performance.now() - start;
    return loaded;
  }

  /** Drops what was decoded ahead and asks for no more; the pool stays open. */
  close(): void {
    this.#done = true;
    this.#images.return?.();
    this.#queue.length = 0;
  }

  #fill(): void {
    while (!this.#done && this.#queue.length < this.#ahead) {
      const { done, value } = this.#images.next();
      if (done) this.#done = true;
      else this.#queue.push(this.#load(value));
    }
  }

  #load(image: T): Promise<Loaded<T>> {
    const loaded = this.pool.decode(image.file, this.#banner).then(
      (photo) => this.#checked(image, photo),
      (error: unknown): Loaded<T> => {
        if (error instanceof PlumageError && error.code === 'input') return { image, error };
        throw error;
      },
    );
    loaded.catch(() => {}); // next() rejects; nobody may be there yet to hear it
    return loaded;
  }

  #checked(image: T, photo: Photo): Loaded<T> {
    try {
      this.#check?.(photo);
      return { image, photo };
    } catch (error) {
      if (!(error instanceof PlumageError)) throw error;
      return { image, error: new PlumageError('input', `${image.file}: ${error.message}`, { cause: error }) };
    }
  }
}
