// Reads a file that the user named, with errors that say which.

import { readFileSync } from 'node:fs';
import { PlumageError } from '../errors.ts';
import { firstLine } from './text.ts';

/** All bytes of `path`. @throws PlumageError `input` in one line; `what` says what it should hold. */
export function readInput(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : firstLine(error);
    throw new PlumageError('input', `${path}: ${what}: ${why} - check the path`, { cause: error });
  }
}
