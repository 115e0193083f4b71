// Unpacks brotli archives of an installed npm package into the cache folder, once; it downloads nothing.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { lock } from 'proper-lockfile';
import { extract } from 'tar';
import { mismatch } from '../errors.ts';
import { cacheFolder } from './cache.ts';

const MANIFEST = 'manifest.json'; // sha256 of every file by its path in the folder

/**
 * Unpacks `archives` (`.tar.br`, or `.br` for one executable file) into the folder `name` of the cache, adds `texts`
 * (contents by path, in place of a file of the archives), and returns that folder. A folder that is there already is checked file by file against the sha256 taken when it was unpacked, and
 * unpacked again where it differs. Processes that do it at once wait for each other; one that dies leaves nothing that
 * is taken for whole.
 */
export async function unpackOnce(
  name: string,
  archives: string[],
  texts: Record<string, string> = {},
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (await isIntact(folder)) return folder;
  try {
    await mkdir(cacheFolder(), { recursive: true });
    const unlock = await lock(folder, { realpath: false, retries: { retries: 240, maxTimeout: 1000 } });
    try {
      if (!(await isIntact(folder))) await unpack(archives, texts, folder);
    } finally {
      await unlock();
    }
  } catch (error) {
    const advice = 'free some space, or set PLUMAGE_CACHE to another folder';
    const got = error instanceof Error ? error.message : error;
    throw mismatch('adapter', folder, `unpacking ${name}`, got, 'a cache folder that can be written', advice);
  }
  return folder;
}

async function unpack(archives: string[], texts: Record<string, string>, folder: string): Promise<void> {
  const part = `${folder}.part`;
  await rm(part, { recursive: true, force: true });
  await mkdir(part, { recursive: true });
  for (const archive of archives) {
    const name = basename(archive, '.br');
    const sink = name.endsWith('.tar')
      ? extract({ cwd: part, strict: true, preserveOwner: false })
      : createWriteStream(join(part, name), { mode: 0o755 });
    await pipeline(createReadStream(archive), createBrotliDecompress(), sink);
  }
  for (const [path, text] of Object.entries(texts)) await writeFile(join(part, path), text);
  await writeFile(join(part, MANIFEST), JSON.stringify(await hashes(part), null, 1));
  await rm(folder, { recursive: true, force: true });
  await rename(part, folder);
}

async function isIntact(folder: string): Promise<boolean> {
  try {
    const expected = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8'));
    return JSON.stringify(expected) === JSON.stringify(await hashes(folder));
  } catch {
    return false;
  }
}

async function hashes(folder: string): Promise<Record<string, string>> {
  const result: Record<string, string> = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    const relative = path.slice(folder.length + 1);
    if (relative === MANIFEST) continue;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
    result[relative] = hash.digest('hex');
  }
  return result;
}
