// A plain folder: `train/<class>/*.jpg` and `test/<class>/*.jpg`. Classes are the folders of train, by name.

import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { mismatch } from '../../errors.ts';
import { exists, findRoot, imagesIn, type LabelledImage, type Layout, missing } from './layout.ts';

const LAYOUT = '{train,test}/<class>/*.jpg';

export async function openFolder(folder: string): Promise<Layout> {
  const root = await findRoot(folder, [''], ['train']);
  const [trainFolder, testFolder] = [path.join(root, 'train'), path.join(root, 'test')];
  const classes = await foldersIn(trainFolder);
  if (classes.length === 0) throw mismatch('input', trainFolder, 'classes', 'no folder', 'one a class');
  const hasTest = await exists(testFolder);
  const tested = hasTest ? await foldersIn(testFolder) : [];
  const stranger = tested.find((name) => !classes.includes(name));
  if (stranger !== undefined) {
    throw mismatch(
      'input',
      path.join(testFolder, stranger),
      'class',
      'one without a folder in train',
      'the same classes',
    );
  }
  const warnings = hasTest ? [] : ['there is no folder test: nothing to evaluate on'];
  const ignored: string[] = [];
  const read = async (part: string, names: readonly string[]): Promise<LabelledImage[]> => {
    const images: LabelledImage[] = [];
    for (const name of names) {
      const label = classes.indexOf(name);
      const found = await imagesIn(path.join(part, name), LAYOUT);
      images.push(...found.names.map((file) => ({ file: path.join(part, name, file), label })));
      ignored.push(...found.ignored.map((file) => path.join(name, file)));
    }
    return images;
  };
  const [train, test] = [await read(trainFolder, classes), await read(testFolder, tested)];
  if (ignored.length > 0) warnings.push(`${ignored.length} files are no images by their names, such as ${ignored[0]}`);
  return { root, classes, train, test, banner: 0, warnings };
}

/** Names of the folders in a folder, in the order of their characters; hidden ones do not count. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch((error: unknown) => {
    throw missing(folder, error, 'a folder with one folder a class', LAYOUT);
  });
  const names: string[] = [];
  for (const name of entries.filter((each) => !each.startsWith('.'))) {
    const facts = await stat(path.join(folder, name)).catch(() => undefined);
    if (facts?.isDirectory()) names.push(name);
  }
  return names.sort();
}
