// Ctrl-C: what can be half-written on disk is wound up first. Everything else ends at once.

import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes the signals that stop a program end it with 128 + their number, so that parent processes see the same code. */
export function exitOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

let abort: AbortController | undefined;

function onSignal(signal: NodeJS.Signals): void {
  process.exitCode = 128 + constants.signals[signal];
  if (!abort || abort.signal.aborted) process.exit();
  abort.abort();
}

/** Runs what must not be cut off: the first signal aborts it, the process ends when it has rejected; a second one kills. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  abort = new AbortController();
  try {
    return await work(abort.signal);
  } finally {
    abort = undefined;
  }
}
