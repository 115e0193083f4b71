// Unpacks brotli archives of an installed npm package into the cache folder, once; it downloads nothing.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { extract } from 'tar';
import { mismatch } from '../errors.ts';
import { cacheFolder, makeFolder, withLock } from './cache.ts';

const MANIFEST = 'manifest.json'; // sha256 of every file unpacked, by its path in the folder

/**
 * Unpacks `archives` (`.tar.br`, or `.br` for one executable file) into the folder `name` of the cache, adds `texts`
 * (contents by path, in place of a file of the archives), and returns that folder. A folder that is there already is
 * checked file by file against the sha256 taken when it was unpacked, and unpacked again where it differs. Processes
 * that do it at once wait for each other; one that dies leaves nothing that is taken for whole.
 */
export async function unpackOnce(
  name: string,
  archives: string[],
  texts: Record<string, string> = {},
): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (await isIntact(folder)) return folder;
  try {
    await withLock(folder, {}, async () => {
      if (!(await isIntact(folder))) await unpack(archives, texts, folder);
    });
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
  await makeFolder(part);
  for (const archive of archives) {
    const name = basename(archive, '.br');
    const sink = name.endsWith('.tar')
      ? extract({ cwd: part, strict: true, preserveOwner: false })
      : createWriteStream(join(part, name), { mode: 0o755 });
    await pipeline(createReadStream(archive), createBrotliDecompress(), sink);
  }
  for (const [path, text] of Object.entries(texts)) await writeFile(join(part, path), text);
  const entries = await readdir(part, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const manifest: Record<string, string> = {};
  for (const file of files) manifest[relative(part, file)] = await sha256(file);
  await writeFile(join(part, MANIFEST), JSON.stringify(manifest, null, 1));
  await rm(folder, { recursive: true, force: true });
  await rename(part, folder);
}

async function isIntact(folder: string): Promise<boolean> {
  try {
    const manifest: Record<string, string> = JSON.parse(await readFile(join(folder, MANIFEST), 'utf8'));
    for (const [path, expected] of Object.entries(manifest)) {
      if ((await sha256(join(folder, path))) !== expected) return false;
    }
    return true;
  } catch {
    return false; // not there, or not whole
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
