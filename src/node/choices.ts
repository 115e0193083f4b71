// What `plumage tune` has found, kept by adapter in a file of the cache folder: Node's side of src/engine/choices.ts.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fromKept, type Kept, toKeep } from '../engine/choices.ts';
import { PlumageError } from '../errors.ts';
import { adapterKey, type Choices } from '../gpu/device.ts';
import { cacheFolder, withLock, writeThenRename } from './cache.ts';

/** Its name in the cache folder. */
export const CHOICES_FILE = 'kernel-choices.json';

export const choicesPath = (): string => join(cacheFolder(), CHOICES_FILE);

type Adapters = Record<string, Kept>;

/** The kept choices for an adapter, none where nothing is kept. A damaged file is ignored with one line to `warn`. */
export async function keptChoices(adapter: GPUAdapter, warn = console.warn): Promise<Choices> {
  return fromKept((await readAdapters(warn))[adapterKey(adapter.info)]) ?? {};
}

/** Keeps the choices for an adapter in place of those before; gives the file's path. Rejects where it cannot be written. */
export async function keepInFile(key: string, choices: Choices, warn = console.warn): Promise<string> {
  const path = choicesPath();
  try {
    await withLock(path, {}, async () => {
      const adapters = { ...(await readAdapters(warn)), [key]: toKeep(choices) };
      await writeThenRename(path, Buffer.from(`${JSON.stringify({ adapters }, null, 2)}\n`));
    });
  } catch (error) {
    const why = (error as Error).message.split('\n')[0];
    throw new PlumageError('input', `${path}: cannot be written: ${why} - set PLUMAGE_CACHE to another folder`);
  }
  return path;
}

/** Removes the file; gives how many adapters it held, nothing where there was none. */
export async function clearChoices(): Promise<number | undefined> {
  let damaged = false;
  const adapters = await readAdapters(() => {
    damaged = true;
  });
  const removed = await rm(choicesPath()).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw new PlumageError('input', `${choicesPath()}: cannot be removed: ${error.message}`);
    },
  );
  return removed ? (damaged ? 0 : Object.keys(adapters).length) : undefined;
}

async function readAdapters(warn: (line: string) => void): Promise<Adapters> {
  const path = choicesPath();
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as { adapters?: Adapters } | null;
    if (file?.adapters && typeof file.adapters === 'object') return file.adapters;
    throw new Error('no adapters in it');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') warn(`${path}: ignored, ${message.split('\n')[0]} - run plumage tune again`);
    return {};
  }
}
