// What lies in the cache folder, for `plumage doctor` and `plumage weights list`.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { CHOICES_FILE } from '../node/choices.ts';
import { imagenetPath } from '../node/fetchWeights.ts';

export interface Entry {
  /** A folder ends in a slash. */
  readonly name: string;
  readonly bytes: number;
  /** What it is, where that is known. */
  readonly note: string;
}

/** Files and folders directly in `folder` with their sizes; none where there is no such folder. */
export async function folderEntries(folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sized = entries.map(async (entry): Promise<Entry> => {
    const file = path.join(folder, entry.name);
    const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
    return { name, bytes: await sizeOf(file), note: note(folder, name) };
  });
  return (await Promise.all(sized)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function sizeOf(file: string): Promise<number> {
  const facts = await stat(file).catch(() => undefined);
  if (!facts?.isDirectory()) return facts?.size ?? 0;
  const names = await readdir(file).catch(() => []);
  const sizes = await Promise.all(names.map((name) => sizeOf(path.join(file, name))));
  return sizes.reduce((a, b) => a + b, 0);
}

function note(folder: string, name: string): string {
  if (path.join(folder, name) === imagenetPath(folder)) return '--model imagenet';
  if (name === CHOICES_FILE) return 'what plumage tune has chosen';
  if (name.endsWith('.json')) return 'its checksum';
  if (name.endsWith('.partial')) return 'left by a run that was killed';
  if (name.startsWith('onnxruntime-node-')) return 'a peer of the benchmark';
  if (name.startsWith('swiftshader-')) return 'software adapter, unpacked';
  return name.startsWith('chromium-') ? 'browser, unpacked' : '';
}
