// What the data sets' layouts share: the types that all of them give, lists in text files, folders of images, and their
// errors. It knows no layout.

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { mismatch, type PlumageError } from '../../errors.ts';

export const KINDS = ['cub', 'cars', 'aircraft', 'folder'] as const;
export type Kind = (typeof KINDS)[number];

export interface LabelledImage {
  /** Absolute path. */
  readonly file: string;
  /** Index in the data set's classes. */
  readonly label: number;
}

export interface Split {
  readonly train: readonly LabelledImage[];
  readonly val: readonly LabelledImage[];
}

export interface Dataset {
  readonly kind: Kind;
  /** The folder that the parts of the layout were found in. */
  readonly root: string;
  readonly classes: readonly string[];
  /** Aircraft: its trainval. */
  readonly train: readonly LabelledImage[];
  readonly test: readonly LabelledImage[];
  /** An official split of `train`, where the layout has one. */
  readonly held?: Split;
  /** Rows of pixels to crop off the bottom: 20 where the layout has a banner there. */
  readonly banner: number;
  /** One line each: what is odd but leaves the data set usable. */
  readonly warnings: readonly string[];
}

/** What each layout reads. */
export type Layout = Omit<Dataset, 'kind'>;

const IMAGE = /\.(jpe?g|png|webp|avif|gif)$/i;
const systemErrors: Readonly<Record<string, string>> = {
  ENOENT: 'nothing there',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ENOTDIR: 'a file',
  EISDIR: 'a folder',
};

/** A part of the layout cannot be read: says which, and what the whole looks like. */
export function missing(part: string, error: unknown, expected: string, layout: string): PlumageError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return mismatch('input', part, 'data set', systemErrors[code] ?? message, expected, `the layout is ${layout}`);
}

/**
 * The first of `places` below `folder` that holds one of `parts`, so that the user may name the data set's folder or one
 * above it. Without any: `folder`, whose parts are then reported as missing.
 */
export async function findRoot(folder: string, places: readonly string[], parts: readonly string[]): Promise<string> {
  const found = await stat(folder).catch((error: unknown) => {
    throw missing(folder, error, 'the folder of a data set', parts.join(', '));
  });
  if (!found.isDirectory()) throw mismatch('input', folder, 'data set', 'a file', 'a folder');
  for (const place of places) {
    for (const part of parts) if (await exists(path.join(folder, place, part))) return path.resolve(folder, place);
  }
  return path.resolve(folder);
}

export const exists = async (file: string): Promise<boolean> => (await stat(file).catch(() => undefined)) !== undefined;

/** @throws PlumageError `input` where the folder is missing or none. */
export async function needFolder(folder: string, expected: string, layout: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => {
    throw missing(folder, error, expected, layout);
  });
  if (!found.isDirectory()) throw missing(folder, { code: 'ENOTDIR' }, expected, layout);
}

/** One line of a list, with its place for errors. */
export interface Line {
  readonly text: string;
  readonly where: string;
}

/** The lines of a text file that are not empty. @throws PlumageError `input` where it is missing or no UTF-8. */
export async function readLines(file: string, layout: string): Promise<Line[]> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw missing(file, error, 'a text file', layout);
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw mismatch('input', file, 'text', 'bytes that are not UTF-8', 'a list of lines');
  }
  const lines = text.split(/\r?\n/).map((line, i) => ({ text: line.trim(), where: `${file}:${i + 1}` }));
  const filled = lines.filter((line) => line.text !== '');
  if (filled.length === 0) throw mismatch('input', file, 'list', 'no line', 'one entry a line');
  return filled;
}

/** A line's first word and the rest of it, which may hold spaces. */
export function firstWord({ text, where }: Line): [first: string, rest: string] {
  const space = text.search(/\s/);
  if (space > 0) return [text.slice(0, space), text.slice(space).trim()];
  throw mismatch('input', where, 'entry', JSON.stringify(text.slice(0, 60)), 'two words, with a space between');
}

/** Adds to a map. @throws PlumageError `input` where the key is there already. */
export function addOnce<K, V>(map: Map<K, V>, key: K, value: V, where: string): void {
  if (map.has(key)) throw mismatch('input', where, 'entry', `${key} again`, 'each once');
  map.set(key, value);
}

/** The names of the images in a folder, sorted; `ignored` counts files of other kinds. Hidden ones do not count. */
export async function imagesIn(folder: string, layout: string): Promise<{ names: string[]; ignored: string[] }> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw missing(folder, error, 'a folder of images', layout);
  });
  const shown = entries.filter((name) => !name.startsWith('.')).sort();
  return { names: shown.filter((name) => IMAGE.test(name)), ignored: shown.filter((name) => !IMAGE.test(name)) };
}

/** Listed images that are not on disk; looks into each of their folders once. */
export async function absentFiles(images: readonly LabelledImage[]): Promise<string[]> {
  const folders = new Map<string, Set<string>>();
  const absent: string[] = [];
  for (const { file } of images) {
    const folder = path.dirname(file);
    let names = folders.get(folder);
    if (!names) {
      names = new Set(await readdir(folder).catch(() => []));
      folders.set(folder, names);
    }
    if (!names.has(path.basename(file))) absent.push(file);
  }
  return absent;
}

/** @throws PlumageError `input` where a file occurs twice, in one part of the data set or in two. */
export function checkDisjoint(parts: Readonly<Record<string, readonly LabelledImage[]>>): void {
  const seen = new Map<string, string>();
  for (const [part, images] of Object.entries(parts)) {
    for (const { file } of images) {
      const before = seen.get(file);
      if (before === undefined) seen.set(file, part);
      else throw mismatch('input', file, 'image', `one of ${before} and again of ${part}`, 'each image once');
    }
  }
}

/** Numbers of images by label. */
export function countByClass(classes: readonly string[], images: readonly LabelledImage[]): number[] {
  const counts = classes.map(() => 0);
  for (const { label } of images) counts[label]!++;
  return counts;
}
