// How calls are answered across a border, that of a worker or of a browser, and what a worker says unasked.

import { type ErrorCode, PlumageError } from '../errors.ts';
import type { AdapterDescription } from '../gpu/device.ts';

/** A call's answer: errors go over as data, with their code. */
export type Answer<T> = { readonly value: T } | { readonly error: { code: ErrorCode; message: string } };

export async function answer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    const { message } = error as Error;
    // The class has put its `internal: ` in front already.
    return { error: { code: error instanceof PlumageError ? error.code : 'internal', message } };
  }
}

/** @throws PlumageError what the other side threw. */
export function unwrap<T>(given: Answer<T>): T {
  if (!('error' in given)) return given.value;
  const { code, message } = given.error;
  throw new PlumageError(code, message.replace(/^internal: /, ''));
}

/** What happens to the worker's device. */
export type DeviceEvent =
  | { readonly kind: 'lost'; readonly reason: GPUDeviceLostReason; readonly message: string }
  | { readonly kind: 'restored'; readonly adapter: AdapterDescription };
