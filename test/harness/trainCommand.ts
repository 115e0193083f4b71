// Runs the built `plumage` in a process of its own, for tests of training.

import { type ChildProcess, spawn } from 'node:child_process';
import * as assert from 'uvu/assert';

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

/** `args` follow `plumage train`. */
export const start = (...args: string[]): Started => command('train', ...args);

export function command(...args: string[]): Started {
  const child = spawn(process.execPath, ['dist/cli.js', ...args]);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const outcome = new Promise<Outcome>((resolve) =>
    child.on('close', (code, signal) => resolve({ ...text, code, signal })),
  );
  return { child, outcome };
}

/** Exit code 1 and one line on stderr that matches, beside warnings. */
export async function refuses(pattern: RegExp, ...args: string[]): Promise<void> {
  const { code, out, err } = await start(...args).outcome;
  assert.match(err, pattern);
  assert.not.match(err, /^\s+at /m);
  assert.is(out, '');
  assert.is(code, 1);
}
