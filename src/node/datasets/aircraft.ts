// FGVC-Aircraft: `data/images/NNNNNNN.jpg` and lists of "<7 digits> <name with spaces>". Labels are the variants; names may
// hold slashes and never become paths.

import path from 'node:path';
import { mismatch } from '../../errors.ts';
import {
  addOnce,
  findRoot,
  firstWord,
  type LabelledImage,
  type Layout,
  needFolder,
  readLines,
  type Split,
} from './layout.ts';

const LAYOUT = 'fgvc-aircraft-2013b/data/{images/, variants.txt, images_variant_{train,val,trainval,test}.txt}';

/** Rows at the bottom of each image that name its photographer. */
const BANNER = 20;

export async function openAircraft(folder: string): Promise<Layout> {
  const root = await findRoot(folder, ['', 'data', 'fgvc-aircraft-2013b/data'], ['variants.txt', 'images']);
  await needFolder(path.join(root, 'images'), 'the folder of the images', LAYOUT);
  const labels = new Map<string, number>();
  for (const { text, where } of await readLines(path.join(root, 'variants.txt'), LAYOUT)) {
    addOnce(labels, text, labels.size, where);
  }
  const read = async (part: string): Promise<LabelledImage[]> => {
    const images = new Map<string, LabelledImage>();
    for (const line of await readLines(path.join(root, `images_variant_${part}.txt`), LAYOUT)) {
      const [id, name] = firstWord(line);
      if (!/^\d{7}$/.test(id)) throw mismatch('input', line.where, 'image', JSON.stringify(id), 'seven digits');
      const label = labels.get(name);
      if (label === undefined) {
        throw mismatch('input', line.where, 'variant', JSON.stringify(name), 'one of variants.txt');
      }
      addOnce(images, id, { file: path.join(root, 'images', `${id}.jpg`), label }, line.where);
    }
    return [...images.values()];
  };
  const [train, test] = [await read('trainval'), await read('test')];
  const held = { train: await read('train'), val: await read('val') };
  return { root, classes: [...labels.keys()], train, test, held, banner: BANNER, warnings: unlike(train, held) };
}

/** train and val together should be trainval. */
function unlike(trainval: readonly LabelledImage[], held: Split): string[] {
  const labels = new Map(trainval.map(({ file, label }) => [file, label]));
  const both = [...held.train, ...held.val];
  const wrong = both.filter(({ file, label }) => labels.get(file) !== label).length;
  const absent = trainval.length - new Set(both.map(({ file }) => file)).size + wrong;
  if (wrong === 0 && absent === 0) return [];
  return [`the lists train and val are not trainval: ${wrong} of their images are not in it, it has ${absent} others`];
}
