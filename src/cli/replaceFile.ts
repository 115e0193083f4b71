// Writes a file whole or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { PlumageError } from '../errors.ts';
import { firstLine } from './text.ts';

/**
 * Puts `bytes` at `path`: first beside it, then under its name. Synchronous, so that a signal comes before or after.
 * @throws PlumageError `input` where that cannot be written; nothing is left then.
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const partial = partialOf(path);
  try {
    const file = openSync(partial, 'w');
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, Math.min(bytes.length - at, 2 ** 28));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw cannotWrite(path, error);
  }
}

/**
 * Fails as `replaceFile` would, before the work for it is done: tries the file beside `path` and removes it.
 * @throws PlumageError `input` where `path` cannot be written.
 */
export function checkWritable(path: string): void {
  const partial = partialOf(path);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error('is a folder');
    closeSync(openSync(partial, 'w'));
    rmSync(partial);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

const partialOf = (path: string): string => `${path}.${process.pid}.partial`;

export function cannotWrite(path: string, error: unknown): PlumageError {
  const why = firstLine(error).split(',')[0];
  return new PlumageError('input', `${path}: cannot be written: ${why} - choose another place`, { cause: error });
}
