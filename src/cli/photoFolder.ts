// The photos in a folder and below, found by their names.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { PlumageError } from '../errors.ts';
import { firstLine } from './text.ts';

const PHOTO = /\.(jpe?g|png|webp|avif|gif)$/i;

export interface PhotoFolder {
  /** Relative to the folder, with slashes, in the order of their characters' codes: the same on every machine. */
  readonly photos: readonly string[];
  /** Other files, hidden ones apart. */
  readonly others: number;
}

/** Rejects with code `input` where the folder cannot be read or holds no photo. */
export async function photosIn(folder: string): Promise<PhotoFolder> {
  const files = (await filesIn(folder, '')).sort((a, b) => (a < b ? -1 : 1));
  const photos = files.filter((file) => PHOTO.test(file));
  if (photos.length > 0) return { photos, others: files.length - photos.length };
  const got = files.length > 0 ? `${files.length} files, none of them .jpg, .png, .webp, .avif or .gif` : 'no file';
  throw new PlumageError('input', `${folder}: photos, got ${got} - check the path`);
}

async function filesIn(root: string, under: string): Promise<string[]> {
  const entries = await readdir(path.join(root, under), { withFileTypes: true }).catch((error) => {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such folder' : code === 'ENOTDIR' ? 'is no folder' : firstLine(error);
    throw new PlumageError('input', `${path.join(root, under)}: photos: ${why} - check the path`, { cause: error });
  });
  const found = entries.map(async (entry) => {
    if (entry.name.startsWith('.')) return [];
    const name = path.posix.join(under, entry.name);
    return entry.isDirectory() ? filesIn(root, name) : [name];
  });
  return (await Promise.all(found)).flat();
}
