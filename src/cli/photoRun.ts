// One model over many photos, for `plumage classify --csv` and `plumage eval`: reading a photo while others are on the device,
// answers in order, and photos that cannot be read reported one by one.

import type { Photo } from '../data/decode.ts';
import { PlumageError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import { DecodePool } from '../node/decodePool.ts';
import { openRuntime, type Runtime } from '../node/runtime.ts';
import { inOrder } from './inOrder.ts';
import { interruptible } from './interrupt.ts';
import type { SharedOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { firstLine, rateText } from './text.ts';

/** Photos under way beside those that threads decode: one on the device, one that waits for it. */
const ON_DEVICE = 2;

export interface Opened {
  readonly runtime: Runtime;
  readonly config: ModelConfig;
}

/** Opens the adapter and loads the model from `file`; `use` has both, and they are closed behind it. */
export async function withModel<T>(
  options: SharedOptions,
  file: string,
  progress: Progress,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const opening = options.runtime === 'chrome' ? 'starting the browser' : 'opening the adapter';
  const runtime = await progress.during(opening, () => openRuntime(options));
  try {
    const config = await progress.during('reading the weights', () => runtime.load(file));
    return await use({ runtime, config });
  } finally {
    await runtime.close();
  }
}

export interface PhotoWork<Item, Result> {
  /** What is going on, for the bar. */
  readonly label: string;
  /** How an item is named where it cannot be read. */
  readonly nameOf: (item: Item) => string;
  readonly fileOf: (item: Item) => string;
  /** Rows of pixels to crop off the bottom. */
  readonly banner?: number;
  /** The items are a shard's: it may have none that can be read, for others have some. */
  readonly part?: boolean;
  readonly compute: (photo: Photo, item: Item) => Promise<Result>;
  /** Called in order. */
  readonly done: (item: Item, result: Result | Unread) => void;
}

/** A photo that could not be read, and why, in one line. */
export class Unread {
  constructor(readonly reason: string) {}
}

/**
 * Runs it, with images a second and the time left shown. Rejects where none of several photos could be read, unless they
 * are a part.
 */
export async function overPhotos<Item, Result>(
  items: readonly Item[],
  { label, nameOf, fileOf, banner, part, compute, done }: PhotoWork<Item, Result>,
  progress: Progress,
): Promise<{ unread: number; rate: string }> {
  let [count, unread, start] = [0, 0, 0];
  let last = '';
  const pool = new DecodePool();
  const work = async (item: Item): Promise<Result | Unread> => {
    try {
      return await compute(await pool.decode(fileOf(item), banner), item);
    } catch (error) {
      return new Unread(photoError(error, nameOf(item)).replaceAll(fileOf(item), nameOf(item)));
    }
  };
  // From the first answer on: kernels are compiled before it.
  const rate = () => rateText(count - 1, items.length - 1, (performance.now() - start) / 1000);
  const run = async (signal: AbortSignal) => {
    for await (const result of inOrder(items, pool.workers + ON_DEVICE, work)) {
      if (signal.aborted) throw new PlumageError('aborted', `${label} was stopped: nothing is written`);
      if (result instanceof Unread) {
        last = result.reason;
        unread++;
        progress.error(last);
      }
      done(items[count++]!, result);
      if (count === 1) start = performance.now();
      else progress.count(count, items.length, rate());
    }
  };
  try {
    await progress.during(label, () => interruptible(run));
  } finally {
    await pool.close();
  }
  if (!part && unread > 1 && unread === items.length) {
    throw new PlumageError('input', `none of ${unread} photos could be read, the last: ${last}`);
  }
  return { unread, rate: count > 1 ? rate() : '' };
}

/** The one line that says why this photo cannot be read or classified. @throws whatever else went wrong. */
export function photoError(error: unknown, file: string): string {
  if (!(error instanceof PlumageError) || !['input', 'limit'].includes(error.code)) throw error;
  const line = firstLine(error);
  return line.includes(file) ? line : `${file}: ${line}`;
}
