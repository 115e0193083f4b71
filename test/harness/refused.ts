// Asserts about errors at the door: the type, the code, and a message of one line.

import * as assert from 'uvu/assert';
import { type ErrorCode, PlumageError } from '../../src/errors.ts';

/** The error is ours, has the code, and its one line matches the pattern. */
export function isRefusal(error: unknown, code: ErrorCode, pattern?: RegExp): void {
  if (!(error instanceof PlumageError)) throw error ?? new Error('nothing was thrown');
  assert.is(error.code, code, error.message);
  assert.not.match(error.message, /[\n\r]/);
  if (pattern) assert.match(error.message, pattern);
}

/** `work` throws such an error. */
export function refused(work: () => unknown, code: ErrorCode, pattern?: RegExp): void {
  let error: unknown;
  try {
    work();
  } catch (thrown) {
    error = thrown;
  }
  isRefusal(error, code, pattern);
}

/** `work` rejects with such an error. */
export async function rejected(work: Promise<unknown>, code: ErrorCode, pattern?: RegExp): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  isRefusal(error, code, pattern);
}
