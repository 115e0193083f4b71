// CUB-200-2011: `images/<class>/*.jpg` and space-separated lists with ids from 1.

import path from 'node:path';
import { mismatch } from '../../errors.ts';
import { addOnce, findRoot, firstWord, type LabelledImage, type Layout, needFolder, readLines } from './layout.ts';

const LAYOUT = 'CUB_200_2011/{images/, images.txt, image_class_labels.txt, train_test_split.txt, classes.txt}';

export async function openCub(folder: string): Promise<Layout> {
  const root = await findRoot(folder, ['', 'CUB_200_2011'], ['images.txt', 'classes.txt']);
  await needFolder(path.join(root, 'images'), 'the folder of the images', LAYOUT);
  const read = async (name: string) => {
    const entries = new Map<number, { value: string; where: string }>();
    for (const line of await readLines(path.join(root, name), LAYOUT)) {
      const [id, value] = firstWord(line);
      addOnce(entries, wholeNumber(id, line.where), { value, where: line.where }, line.where);
    }
    return entries;
  };
  const named = await read('classes.txt');
  const files = await read('images.txt');
  const labels = await read('image_class_labels.txt');
  const split = await read('train_test_split.txt');
  const classes = Array.from(named, (_, i) => {
    const name = named.get(i + 1)?.value;
    if (name !== undefined) return name;
    throw mismatch('input', path.join(root, 'classes.txt'), 'ids', `none is ${i + 1}`, `1 to ${named.size}`);
  });
  const train: LabelledImage[] = [];
  const test: LabelledImage[] = [];
  let strangers = 0;
  for (const [id, { value: name, where }] of files) {
    if (!/^[^/\\]+\/[^/\\]+$/.test(name) || name.startsWith('..')) {
      throw mismatch('input', where, 'image', JSON.stringify(name.slice(0, 80)), '<folder>/<file>');
    }
    const label = of(labels, id, 'image_class_labels.txt', where);
    const number = wholeNumber(label.value, label.where);
    if (number < 1 || number > classes.length) {
      throw mismatch('input', label.where, 'label', number, `1 to ${classes.length}`, 'classes.txt names no other');
    }
    const part = of(split, id, 'train_test_split.txt', where);
    if (!/^[01]$/.test(part.value)) throw mismatch('input', part.where, 'split', part.value, '1 train or 0 test');
    if (name.split('/')[0] !== classes[number - 1]) strangers++;
    const image = { file: path.join(root, 'images', name), label: number - 1 };
    (part.value === '1' ? train : test).push(image);
  }
  for (const [list, entries] of Object.entries({ 'image_class_labels.txt': labels, 'train_test_split.txt': split })) {
    for (const [id, { where }] of entries) {
      if (!files.has(id)) throw mismatch('input', where, 'id', id, `one of images.txt, as all of ${list}`);
    }
  }
  const warnings = strangers > 0 ? [`${strangers} images lie in a folder that is not named as their class`] : [];
  return { root, classes, train, test, banner: 0, warnings };
}

/** The entry of an image in another list. */
function of<T>(entries: ReadonlyMap<number, T>, id: number, list: string, where: string): T {
  const entry = entries.get(id);
  if (entry === undefined) throw mismatch('input', where, `image ${id}`, `no entry in ${list}`, 'one');
  return entry;
}

function wholeNumber(text: string, where: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw mismatch('input', where, 'number', JSON.stringify(text.slice(0, 40)), 'a whole number');
}
