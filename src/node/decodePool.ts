// Worker threads that decode photos, so that the thread that feeds the GPU never waits for a JPEG's pixels to be worked on. They
// know no data set and no order of use; src/node/loader.ts does.

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
// NOTE: libvips has to be loaded by the main thread before any worker, or it is unloaded under the last of them.
import 'sharp';
import type { Photo } from '../data/decode.ts';
import { PlumageError } from '../errors.ts';
import type { DecodeReply, DecodeRequest } from './decodeWorker.ts';

interface Job {
  readonly request: DecodeRequest;
  readonly resolve: (photo: Photo) => void;
  readonly reject: (error: unknown) => void;
}

/** libuv has 4 threads for all of sharp's work: more workers than that decode no faster. */
const MOST_WORKERS = 4;

/** One core is left for the thread that feeds the GPU. */
export const defaultWorkers = (): number => Math.min(Math.max(availableParallelism() - 1, 1), MOST_WORKERS);

/** Threads start as photos ask for them and live until close(), which a program has to call to end. */
export class DecodePool {
  readonly workers: number;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job>();
  readonly #waiting: Job[] = [];
  #closed = false;
  #drained: (() => void) | undefined;

  constructor(workers = defaultWorkers()) {
    this.workers = workers;
  }

  /**
   * The photo in a file without the lowest `banner` rows; in the order of calls, as threads become free.
   * Rejects with PlumageError `input` what cannot be decoded, and `aborted` what had not begun when the pool was closed.
   */
  decode(file: string, banner = 0): Promise<Photo> {
    return new Promise((resolve, reject) => {
      const job: Job = { request: { file, banner }, resolve, reject };
      if (this.#closed) reject(aborted(job));
      else this.#waiting.push(job);
      this.#assign();
    });
  }

  /** Waits for photos that are being decoded and ends the threads. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.splice(0)) job.reject(aborted(job));
    // NOTE: a thread is never ended within sharp's native code.
    if (this.#busy.size > 0) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    await Promise.all(this.#idle.splice(0).map((worker) => worker.terminate()));
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const worker = this.#idle.pop() ?? (this.#busy.size < this.workers ? this.#start() : undefined);
      if (!worker) return;
      const job = this.#waiting.shift()!;
      this.#busy.set(worker, job);
      worker.postMessage(job.request);
    }
  }

  #start(): Worker {
    const worker = new Worker(workerFile());
    worker.on('message', (reply: DecodeReply) => {
      const job = this.#busy.get(worker);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      if ('photo' in reply) job?.resolve(reply.photo);
      else job?.reject(new PlumageError(reply.code, reply.error));
      this.#next();
    });
    // A bug or no memory: the thread is gone, its photo fails, the others get a new thread.
    const lose = (error: unknown) => {
      const job = this.#busy.get(worker);
      this.#busy.delete(worker);
      job?.reject(error);
      this.#next();
    };
    worker.on('error', lose);
    worker.on('exit', () => lose(new PlumageError('internal', 'a thread that decodes photos ended')));
    return worker;
  }

  #next(): void {
    this.#assign();
    if (this.#busy.size === 0) this.#drained?.();
  }
}

const aborted = ({ request }: Job) =>
  new PlumageError('aborted', `${request.file}: was not decoded, the pool is closed`);

/** The worker's bundle lies beside this one; the tests' bundles are one or two folders deeper. */
function workerFile(): URL {
  const places = ['./', '../', '../../'].map((folder) => new URL(`${folder}decodeWorker.js`, import.meta.url));
  const found = places.find((place) => existsSync(fileURLToPath(place)));
  if (found) return found;
  throw new PlumageError('internal', `decodeWorker.js is not in ${fileURLToPath(new URL('.', import.meta.url))}`);
}
