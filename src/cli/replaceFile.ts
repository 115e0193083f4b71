// Writes a file whole or not at all.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { PlumageError } from '../errors.ts';
import { firstLine } from './text.ts';

/**
 * Puts `bytes` at `path`: first beside it, then under its name. Synchronous, so that a signal comes before or after.
 * @throws PlumageError `input` where that cannot be written; nothing is left then.
 */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const partial = `${path}.${process.pid}.partial`;
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
    throw new PlumageError(
      'input',
      `${path}: cannot be written: ${firstLine(error).split(',')[0]} - choose another place`,
      {
        cause: error,
      },
    );
  }
}
