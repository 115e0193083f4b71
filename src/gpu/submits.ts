// How a plan's steps are dealt out to submits: operating systems end a command buffer that keeps a GPU for some seconds, and
// the screen stands still while one runs. A training step of large photos takes 20 s on a slow GPU.

import { assumedSpeed, type Family } from '../graph/target.ts';

/** Seconds that a submit takes at the assumed speed. */
const SECONDS = 0.2;

/**
 * The steps in order, a list for each submit: as many as stay within the bound of floating-point operations, and at least one.
 * Software adapters have no such end, and get one submit.
 */
export function submitsOf<T extends { readonly dispatch: { readonly flops: number } }>(
  steps: readonly T[],
  family: Family,
): T[][] {
  const most = family === 'software' ? Number.POSITIVE_INFINITY : SECONDS * 1e9 * assumedSpeed[family];
  let last: T[] = [];
  let sum = 0;
  const submits = [last];
  for (const step of steps) {
    sum += step.dispatch.flops;
    if (sum > most && last.length > 0) {
      last = [];
      submits.push(last);
      sum = step.dispatch.flops;
    }
    last.push(step);
  }
  return submits;
}
