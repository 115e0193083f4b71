// Ctrl-C: what can be half-written on disk is wound up first. Everything else ends at once.

import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Makes the signals that stop a program end it with 128 + their number, so that parent processes see the same code. */
export function exitOnSignals(): void {
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

/** What must not be cut off now: a run, and what it fetches. */
const running = new Set<AbortController>();

function onSignal(signal: NodeJS.Signals): void {
  process.exitCode = 128 + constants.signals[signal];
  if ([...running].every((each) => each.signal.aborted)) process.exit();
  for (const each of running) each.abort();
}

/** Runs what must not be cut off: the first signal aborts it, the process ends when it has rejected; a second one kills. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  running.add(abort);
  try {
    return await work(abort.signal);
  } finally {
    running.delete(abort);
  }
}
