// Class names from a text file, for the commands that write a model's configuration.

import { PlumageError } from '../errors.ts';
import { readInput } from './readInput.ts';

/** The names in the file at `path`, one a line; a last line feed adds none. */
export function readClassNames(path: string): string[] {
  return classNames(readInput(path, 'class names'));
}

/** @throws PlumageError `input` for bytes that are not UTF-8 and for empty lines, with their number. */
export function classNames(bytes: Uint8Array): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new PlumageError('input', '--classes: the file is not UTF-8 text, expected one class name a line');
  }
  const names = text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((name) => name.trim());
  const empty = names.indexOf('');
  if (empty < 0) return names;
  throw new PlumageError('input', `--classes: line ${empty + 1} is empty, expected one class name a line`);
}

/** Refuses what cannot be trained: fewer than two classes, or two of the same name. */
export function checkDistinct(names: readonly string[]): void {
  if (names.length < 2) {
    throw new PlumageError('input', `--classes: names, got ${names.length}, expected at least 2, one a line`);
  }
  const lines = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = lines.get(name);
    if (before === undefined) lines.set(name, i + 1);
    else {
      const shown = JSON.stringify(name.slice(0, 60));
      throw new PlumageError('input', `--classes: lines ${before} and ${i + 1} are both ${shown} - rename one`);
    }
  }
}
