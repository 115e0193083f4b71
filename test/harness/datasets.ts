// Small data sets in the exact layouts of the published ones, with real JPEGs, for tests.

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

/** A JPEG of `width` x `height`, grey or coloured, that compresses badly enough to be cut in the middle. */
export function jpeg(width = 40, height = 60, seed = 1, grey = false): Promise<Buffer> {
  let state = seed;
  const channels = grey ? 1 : 3;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (state * 48271) % 2147483647;
    return state & 255;
  });
  const image = sharp(data, { raw: { width, height, channels } });
  return (grey ? image.toColourspace('b-w') : image).jpeg().toBuffer();
}

export async function put(file: string, content: string | Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
}

export const cubClasses = ['001.Black_footed_Albatross', '002.Laysan_Albatross', '003.Sooty_Albatross'];

/** 3 classes of 3 images, the last of each in the test; ids in another order than the files. */
export async function writeCub(folder: string): Promise<string> {
  const root = path.join(folder, 'CUB_200_2011');
  const lists = { images: '', labels: '', split: '' };
  for (let i = 0; i < 9; i++) {
    const [id, label] = [9 - i, Math.floor(i / 3)];
    const name = `${cubClasses[label]}/${cubClasses[label]!.slice(4)}_${i}.jpg`;
    await put(path.join(root, 'images', name), await jpeg(40 + i, 60 - i, i + 1, i === 4));
    lists.images += `${id} ${name}\n`;
    lists.labels += `${id} ${label + 1}\n`;
    lists.split += `${id} ${i % 3 === 2 ? 0 : 1}\n`;
  }
  await put(path.join(root, 'images.txt'), lists.images);
  await put(path.join(root, 'image_class_labels.txt'), lists.labels);
  await put(path.join(root, 'train_test_split.txt'), lists.split);
  await put(path.join(root, 'classes.txt'), cubClasses.map((name, i) => `${i + 1} ${name}\n`).join(''));
  return root;
}

const MAT = 'test/fixtures/goldens/mat';
export const carClasses = ['AM General Hummer SUV 2000', 'Audi R8 Coupé 2012', 'Ram C/V Cargo Van 2012'];

/** Layout A: labels 1, 3, 2, 3 in train and 2, 1, 3 in test. */
export async function writeCarsA(folder: string): Promise<string> {
  for (let i = 1; i <= 4; i++) await put(path.join(folder, `cars_train/0000${i}.jpg`), await jpeg(50, 30, i));
  for (let i = 1; i <= 3; i++) await put(path.join(folder, `cars_test/0000${i}.jpg`), await jpeg(50, 30, 9 + i));
  await mkdir(path.join(folder, 'devkit'));
  for (const name of ['devkit/cars_meta.mat', 'devkit/cars_train_annos.mat', 'cars_test_annos_withlabels.mat']) {
    await copyFile(path.join(MAT, path.basename(name)), path.join(folder, name));
  }
  return folder;
}

/** Layout B: labels 1, 1, 2, 2, 3, 3, every second in the test. */
export async function writeCarsB(folder: string): Promise<string> {
  for (let i = 1; i <= 6; i++) await put(path.join(folder, `car_ims/00000${i}.jpg`), await jpeg(50, 30, i));
  await copyFile(path.join(MAT, 'cars_annos.mat'), path.join(folder, 'cars_annos.mat'));
  return folder;
}

export const variants = ['737-300', '747-400F/SCD', '767-300 winglets'];

/** Per variant 2 images in train, 1 in val, 1 in test; every image has a white banner of 20 rows. */
export async function writeAircraft(folder: string): Promise<string> {
  const root = path.join(folder, 'fgvc-aircraft-2013b', 'data');
  const lists: Record<string, string> = { train: '', val: '', trainval: '', test: '' };
  for (let i = 0; i < 12; i++) {
    const line = `${String(34699 + 1234 * i).padStart(7, '0')} ${variants[i % 3]}\n`;
    const part = ['train', 'train', 'val', 'test'][Math.floor(i / 3)]!;
    lists[part] += line;
    if (part !== 'test') lists.trainval += line;
    const banner = { create: { width: 48, height: 20, channels: 3 as const, background: 'white' } };
    const photo = sharp(await jpeg(48, 52, i + 1)).composite([{ input: banner, left: 0, top: 32 }]);
    await put(path.join(root, 'images', `${line.slice(0, 7)}.jpg`), await photo.jpeg().toBuffer());
  }
  for (const [part, lines] of Object.entries(lists)) await put(path.join(root, `images_variant_${part}.txt`), lines);
  await put(path.join(root, 'variants.txt'), `${variants.join('\n')}\n`);
  await put(path.join(root, 'families.txt'), 'Boeing 737\nBoeing 747\nBoeing 767\n');
  return root;
}

/** Classes a, b and c with 3, 2 and 1 images in train, and 1 each in test. */
export async function writeFolder(folder: string): Promise<string> {
  for (const [label, name] of ['a', 'b', 'c'].entries()) {
    for (let i = 0; i < 3 - label; i++)
      await put(path.join(folder, 'train', name, `${i}.jpg`), await jpeg(30, 30, i + 1));
    await put(path.join(folder, 'test', name, 'x.JPEG'), await jpeg(30, 30, 7));
  }
  return folder;
}
