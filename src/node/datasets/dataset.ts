// Data sets as they are distributed: opened by the name of their layout, narrowed to some classes, split. It reads lists, not
// pixels: those are the loader's.

import { mismatch } from '../../errors.ts';
import { random } from '../../model/random.ts';
import { openAircraft } from './aircraft.ts';
import { openCars } from './cars.ts';
import { openCub } from './cub.ts';
import { openFolder } from './folder.ts';
import {
  absentFiles,
  checkDisjoint,
  countByClass,
  type Dataset,
  type Kind,
  type LabelledImage,
  type Layout,
  type Split,
} from './layout.ts';

export { type Dataset, KINDS, type Kind, type LabelledImage, type Split } from './layout.ts';

const layouts: Readonly<Record<Kind, (folder: string) => Promise<Layout>>> = {
  cub: openCub,
  cars: openCars,
  aircraft: openAircraft,
  folder: openFolder,
};

export interface DatasetOptions {
  /** Rows of pixels to crop off the bottom, instead of the layout's own. */
  readonly banner?: number;
  /** Only these classes, by name. */
  readonly classes?: readonly string[];
}

/**
 * The lists of a data set in `folder`, which may also be a folder above it. Images that are listed but missing are a warning.
 * @throws PlumageError `input` in one line that says which part of the layout is missing or wrong, with file and line.
 */
export async function openDataset(kind: Kind, folder: string, options: DatasetOptions = {}): Promise<Dataset> {
  const layout = await layouts[kind](folder);
  const { train, test, held } = layout;
  checkDisjoint({ train, test });
  if (held) checkDisjoint({ train: held.train, val: held.val, test });
  const whole: Dataset = { kind, ...layout, banner: options.banner ?? layout.banner };
  const dataset = options.classes ? limitClasses(whole, options.classes) : whole;
  return { ...dataset, warnings: [...dataset.warnings, ...(await oddities(dataset))] };
}

async function oddities(dataset: Dataset): Promise<string[]> {
  const absent = await absentFiles([...dataset.train, ...dataset.test]);
  const warnings = absent.length === 0 ? [] : [`${absent.length} images are listed but missing, such as ${absent[0]}`];
  const without = classesWithout(dataset, dataset.train);
  if (without.length > 0) warnings.push(`${without.length} classes have no training image, such as ${without[0]}`);
  return warnings;
}

function classesWithout({ classes }: Dataset, images: readonly LabelledImage[]): string[] {
  const counts = countByClass(classes, images);
  return classes.filter((_, label) => counts[label] === 0);
}

/** Refuses what cannot be trained on: fewer than two classes, or one without an image in `train`. */
export function checkTrainable(dataset: Dataset, train = dataset.train): void {
  const { root, classes } = dataset;
  if (classes.length < 2) throw mismatch('input', root, 'classes', classes.length, 'at least 2');
  const without = classesWithout(dataset, train);
  if (without.length === 0) return;
  const got = `none for ${without.length} of ${classes.length}, such as ${JSON.stringify(without[0])}`;
  throw mismatch('input', root, 'training images of each class', got, 'at least 1', 'leave these out by --classes');
}

/** Only the named classes, in the data set's own order, so that the order of the names does not matter. */
export function limitClasses(dataset: Dataset, names: readonly string[]): Dataset {
  const wanted = new Set(names);
  if (wanted.size < names.length) {
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    throw mismatch('input', '--classes', 'class', `${JSON.stringify(twice)} twice`, 'each name once');
  }
  const stranger = names.find((name) => !dataset.classes.includes(name));
  if (stranger !== undefined) {
    const examples = dataset.classes.slice(0, 3).map((name) => JSON.stringify(name));
    const expected = `one of the ${dataset.classes.length} in ${dataset.root}, such as ${examples.join(', ')}`;
    throw mismatch('input', '--classes', 'class', JSON.stringify(stranger), expected);
  }
  const classes = dataset.classes.filter((name) => wanted.has(name));
  const labels = new Map(classes.map((name, label) => [dataset.classes.indexOf(name), label]));
  const some = (images: readonly LabelledImage[]) =>
    images.flatMap(({ file, label }) => (labels.has(label) ? [{ file, label: labels.get(label)! }] : []));
  const { train, test, held } = dataset;
  const parts = {
    train: some(train),
    test: some(test),
    held: held && { train: some(held.train), val: some(held.val) },
  };
  return { ...dataset, classes, ...parts };
}

/**
 * Splits off a part of the training images to choose a model by: the layout's official one where it has one, else `share`
 * of each class, at least 1 image and never all, drawn by `seed` and the class's name, so that other classes change nothing.
 */
export function holdOut(dataset: Dataset, share: number, seed: number): Split {
  if (dataset.held) return dataset.held;
  if (!(share > 0 && share < 1)) throw mismatch('input', 'holdOut', 'share', share, 'between 0 and 1');
  const held = new Set<LabelledImage>();
  for (const [label, name] of dataset.classes.entries()) {
    const images = dataset.train.filter((image) => image.label === label);
    const next = random(`${seed}/hold out/${name}`);
    const order = images.map((image) => ({ image, key: next() })).sort((a, b) => a.key - b.key);
    const count = Math.min(Math.max(Math.round(share * images.length), 1), images.length - 1);
    for (const { image } of order.slice(0, Math.max(count, 0))) held.add(image);
  }
  return {
    train: dataset.train.filter((image) => !held.has(image)),
    val: dataset.train.filter((image) => held.has(image)),
  };
}

interface Published {
  readonly classes: number;
  readonly train: number;
  readonly test: number;
}

const published: Readonly<Partial<Record<Kind, Published>>> = {
  cub: { classes: 200, train: 5994, test: 5794 },
  cars: { classes: 196, train: 8144, test: 8041 },
  aircraft: { classes: 100, train: 6667, test: 3333 },
};

/** A line for each count that is not that of the published data set. */
export function countWarnings({ kind, classes, train, test }: Dataset): string[] {
  const expected = published[kind];
  if (!expected) return [];
  const got: Published = { classes: classes.length, train: train.length, test: test.length };
  return (['classes', 'train', 'test'] as const)
    .filter((key) => got[key] !== expected[key])
    .map((key) => `${key}: ${got[key]}, where the published data set has ${expected[key]}`);
}
