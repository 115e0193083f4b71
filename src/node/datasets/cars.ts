// Stanford Cars in its two layouts. A: `devkit/` with the lists and `cars_train/`, `cars_test/`, whose file names are the same.
// B: `car_ims/` and one list, `cars_annos.mat`, that says which images are of the test.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { mismatch } from '../../errors.ts';
import { exists, findRoot, type LabelledImage, type Layout, missing, needFolder } from './layout.ts';
import { type MatValue, readMat } from './matlab.ts';

const LAYOUT_A = 'devkit/{cars_meta,cars_train_annos}.mat, cars_test_annos_withlabels.mat, cars_train/, cars_test/';
const LAYOUT_B = 'cars_annos.mat, car_ims/';
const EITHER = `${LAYOUT_A} or ${LAYOUT_B}`;

export async function openCars(folder: string): Promise<Layout> {
  const root = await findRoot(folder, ['', 'stanford_cars'], ['cars_annos.mat', 'devkit']);
  if (await exists(path.join(root, 'cars_annos.mat'))) return openB(root);
  if (await exists(path.join(root, 'devkit'))) return openA(root);
  throw mismatch('input', root, 'Stanford Cars', 'neither devkit/ nor cars_annos.mat', EITHER);
}

type Fields = ReadonlyMap<string, MatValue>;

async function openA(root: string): Promise<Layout> {
  const devkit = path.join(root, 'devkit');
  const classes = classNames(await read(path.join(devkit, 'cars_meta.mat'), LAYOUT_A), 'devkit/cars_meta.mat');
  // Some copies have the test's labels within devkit.
  const withLabels = 'cars_test_annos_withlabels.mat';
  const inDevkit = !(await exists(path.join(root, withLabels))) && (await exists(path.join(devkit, withLabels)));
  const images = async (list: string, imageFolder: string): Promise<LabelledImage[]> => {
    const at = path.join(root, imageFolder);
    await needFolder(at, 'a folder of images', LAYOUT_A);
    const annotations = structs(await read(list, LAYOUT_A), list);
    return annotations.map((fields, i) => {
      const where = `${list}: annotations(${i + 1})`;
      const name = textOf(fields, 'fname', where);
      if (!/^[\w.-]+$/.test(name) || name.startsWith('.')) {
        throw mismatch('input', where, 'fname', JSON.stringify(name.slice(0, 80)), 'a file name');
      }
      return { file: path.join(at, name), label: labelOf(fields, classes, where) };
    });
  };
  const train = await images(path.join(devkit, 'cars_train_annos.mat'), 'cars_train');
  const test = await images(path.join(inDevkit ? devkit : root, withLabels), 'cars_test');
  return { root, classes, train, test, banner: 0, warnings: [] };
}

async function openB(root: string): Promise<Layout> {
  const list = path.join(root, 'cars_annos.mat');
  await needFolder(path.join(root, 'car_ims'), 'a folder of images', LAYOUT_B);
  const variables = await read(list, LAYOUT_B);
  const classes = classNames(variables, list);
  const train: LabelledImage[] = [];
  const test: LabelledImage[] = [];
  for (const [i, fields] of structs(variables, list).entries()) {
    const where = `${list}: annotations(${i + 1})`;
    const name = textOf(fields, 'relative_im_path', where);
    if (!/^car_ims\/[\w-][\w.-]*$/.test(name)) {
      throw mismatch('input', where, 'relative_im_path', JSON.stringify(name.slice(0, 80)), 'car_ims/<file>');
    }
    const image = { file: path.join(root, name), label: labelOf(fields, classes, where) };
    (numberOf(fields, 'test', where, 0, 1) === 1 ? test : train).push(image);
  }
  return { root, classes, train, test, banner: 0, warnings: [] };
}

async function read(file: string, layout: string): Promise<Fields> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw missing(file, error, 'a .mat file', layout);
  });
  return readMat(bytes, file);
}

function classNames(variables: Fields, where: string): string[] {
  const value = variables.get('class_names');
  const names = value?.type === 'cells' ? value.cells : [];
  const texts = names.map((name) => (name.type === 'text' ? name.text : ''));
  if (texts.length > 0 && texts.every(Boolean) && new Set(texts).size === texts.length) return texts;
  throw mismatch('input', where, 'class_names', value?.type ?? 'none', 'a cell array of names, each once');
}

function structs(variables: Fields, where: string): readonly Fields[] {
  const value = variables.get('annotations');
  if (value?.type === 'structs' && value.structs.length > 0) return value.structs;
  throw mismatch('input', where, 'annotations', value?.type ?? 'none', 'an array of structs');
}

function textOf(fields: Fields, field: string, where: string): string {
  const value = fields.get(field);
  if (value?.type === 'text') return value.text;
  throw mismatch('input', where, `field ${field}`, value?.type ?? 'none', 'text');
}

function numberOf(fields: Fields, field: string, where: string, low: number, high: number): number {
  const value = fields.get(field);
  const number = value?.type === 'numbers' && value.data.length === 1 ? value.data[0]! : undefined;
  if (number !== undefined && Number.isInteger(number) && number >= low && number <= high) return number;
  const advice = field === 'class' && !value ? 'the test needs cars_test_annos_withlabels.mat' : undefined;
  throw mismatch('input', where, `field ${field}`, number ?? value?.type ?? 'none', `${low} to ${high}`, advice);
}

/** Classes count from 1 in the file. */
const labelOf = (fields: Fields, classes: readonly string[], where: string) =>
  numberOf(fields, 'class', where, 1, classes.length) - 1;
