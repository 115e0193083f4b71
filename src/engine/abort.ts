// AbortSignal for calls that take time. What the GPU has begun it finishes; its answer is thrown away.

import { PlumageError } from '../errors.ts';

export interface Abortable {
  /** The call rejects with code `aborted` when it fires. */
  readonly signal?: AbortSignal;
}

/** @throws PlumageError `aborted` where the signal has fired. */
export function checkAborted(signal: AbortSignal | undefined, where: string): void {
  if (signal?.aborted) throw new PlumageError('aborted', `${where}: stopped by the caller's signal`);
}

/** What `work` resolves with, or a rejection as soon as the signal fires. */
export async function abortable<T>(signal: AbortSignal | undefined, where: string, work: () => Promise<T>): Promise<T> {
  checkAborted(signal, where);
  if (!signal) return work();
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  signal.addEventListener('abort', stop);
  try {
    const result = await Promise.race([work(), stopped]);
    checkAborted(signal, where);
    return result as T;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
