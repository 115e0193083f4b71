// Files in the user's cache folder: where it is, files sealed with their size and sha256, and a lock between
// processes. It knows nothing of what the files hold.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import envPaths from 'env-paths';
import { lock } from 'proper-lockfile';

/** The folder for everything that can be fetched or measured again; the variable PLUMAGE_CACHE overrides it. */
export function cacheFolder(): string {
  return process.env.PLUMAGE_CACHE || envPaths('plumage', { suffix: '' }).cache;
}

interface Seal {
  readonly size: number;
  readonly sha256: string;
  /** What the file was made from and how: a file made otherwise is not taken. */
  readonly origin: string;
}

/** True when the file is there, complete and unchanged since `writeSealed`; reads all of it. */
export async function isSealed(path: string, origin: string): Promise<boolean> {
  try {
    const seal = JSON.parse(await readFile(sealPath(path), 'utf8')) as Seal | null;
    if (seal?.origin !== origin || seal.size !== (await stat(path)).size) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    return seal.sha256 === hash.digest('hex');
  } catch {
    // Missing, unreadable or not JSON: all of them mean that the file has to be made again.
    return false;
  }
}

/** Writes the file under its final name only when it is complete on disk. Call it under `withLock`. */
export async function writeSealed(path: string, bytes: Uint8Array, origin: string): Promise<void> {
  const seal: Seal = { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), origin };
  await removeLeftovers(path);
  await writeThenRename(path, bytes);
  await writeThenRename(sealPath(path), Buffer.from(`${JSON.stringify(seal)}\n`));
}

/** What a killed process left half-written. */
async function removeLeftovers(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (name.startsWith(`${basename(path)}.`) && name.endsWith('.partial'))
      await rm(join(folder, name), { force: true });
  }
}

/** Writes the file whole or not at all. */
export async function writeThenRename(path: string, bytes: Uint8Array): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  try {
    const file = await open(partial, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

function sealPath(path: string): string {
  return `${path}.json`;
}

export interface LockOptions {
  readonly signal?: AbortSignal;
  readonly onWait?: () => void;
  readonly stale?: number;
}

/**
 * Runs `work` while no other process does so for the same path, waiting as long as another one is alive.
 * The lock of a killed process is taken over after `stale` milliseconds.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  await makeFolder(dirname(path));
  const release = await acquire(path, options);
  try {
    return await work();
  } finally {
    // It fails when the lock was lost to a process that found us asleep; the renames above make that harmless.
    await release().catch(() => {});
  }
}

/** Makes a folder and those above it. NOTE: Node's own recursive mkdir loops for ever under /proc. */
export async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  try {
    await make();
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path || existsSync(parent)) throw error;
    await makeFolder(parent);
    await make();
  }
}

/** The lock by itself, in a folder that exists: gives what lets go of it. */
export async function acquire(
  path: string,
  { signal, onWait, stale = 10_000 }: LockOptions,
): Promise<() => Promise<void>> {
  for (let waited = false; ; waited = true) {
    try {
      return await lock(path, { realpath: false, stale, onCompromised: () => {} });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    if (!waited) onWait?.();
    await sleep(250, undefined, { signal });
  }
}
