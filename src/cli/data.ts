// `plumage data check`: counts a data set's images and decodes every one of them before anything is trained on it.
// `plumage data classes`: the names that a model is made with.

import path from 'node:path';
import { Command } from 'commander';
import type { Photo } from '../data/decode.ts';
import { PlumageError } from '../errors.ts';
import { countWarnings, type Dataset } from '../node/datasets/dataset.ts';
import { countByClass } from '../node/datasets/layout.ts';
import { DecodePool } from '../node/decodePool.ts';
import { Loader } from '../node/loader.ts';
import { batchesCommand } from './dataBatches.ts';
import { type DatasetOptions, datasetOptions, LAYOUTS, openNamed, workersOption } from './datasetOptions.ts';
import { interruptible } from './interrupt.ts';
import { jsonOption } from './options.ts';
import { type Progress, startProgress } from './progress.ts';
import { paint, print, table } from './text.ts';

interface CheckOptions extends DatasetOptions {
  readonly workers?: number;
  readonly json?: boolean;
}

const CHECK_HELP = `${LAYOUTS}

Broken images are listed and make the exit code 1. Counts other than those of the published data set are warnings.

Examples:
  $ plumage data check ~/CUB_200_2011 --dataset cub
  $ plumage data check photos --dataset folder --json`;

const CLASSES_HELP = `${LAYOUTS}

Example:
  $ plumage data classes ~/CUB_200_2011 --dataset cub > birds.txt
  $ plumage init --preset lite --classes birds.txt --out init.safetensors`;

export function dataCommand(): Command {
  const data = new Command('data').description('look at data sets for training and evaluation');
  const command = data
    .command('check')
    .description('count the images, classes and splits of a data set, decode all and list what is broken')
    .argument('<dir>', "the data set's folder");
  for (const option of datasetOptions()) command.addOption(option);
  command.addOption(workersOption()).addOption(jsonOption()).addHelpText('after', CHECK_HELP).action(check);
  const names = data
    .command('classes')
    .description("print the names of a data set's classes, one a line, as plumage init takes them")
    .argument('<dir>', "the data set's folder");
  for (const option of datasetOptions()) names.addOption(option);
  names.addHelpText('after', CLASSES_HELP).action(async (folder: string, options: DatasetOptions) => {
    print((await openNamed(folder, options)).classes.join('\n'));
  });
  data.addCommand(batchesCommand());
  return data.addHelpText('after', '\nExample:\n  $ plumage data check ~/CUB_200_2011 --dataset cub');
}

async function check(folder: string, options: CheckOptions): Promise<void> {
  const progress = startProgress(options.json);
  const dataset = await progress.during('reading the lists', () => openNamed(folder, options));
  const work = (signal: AbortSignal) => decodeAll(dataset, progress, signal, options.workers);
  const found = await progress.during('decoding', () => interruptible(work));
  // A part of the classes has other counts anyhow.
  const warnings = [...dataset.warnings, ...(options.classes === undefined ? countWarnings(dataset) : [])];
  print((options.json ? checkJson : checkText)(dataset, found, warnings));
  if (found.broken.length > 0) process.exitCode = 1;
}

interface Sized {
  readonly file: string;
  readonly width: number;
  readonly height: number;
}

/** What decoding all images has shown. */
export interface Found {
  images: number;
  grey: number;
  /** By pixels, with the banner. */
  smallest?: Sized;
  largest?: Sized;
  readonly broken: { readonly file: string; readonly error: string }[];
}

async function decodeAll(dataset: Dataset, progress: Progress, signal: AbortSignal, workers?: number): Promise<Found> {
  const images = [...dataset.train, ...dataset.test];
  const found: Found = { images: images.length, grey: 0, broken: [] };
  const pool = new DecodePool(workers);
  try {
    const loader = new Loader(pool, images, { banner: dataset.banner });
    for (let done = 1; ; done++) {
      const loaded = await loader.next();
      if (signal.aborted) throw new PlumageError('aborted', 'data check was stopped');
      if (!loaded) return found;
      const { image, photo, error } = loaded;
      if (photo) notePhoto(found, { ...photo, height: photo.height + dataset.banner, file: image.file }, isGrey(photo));
      else found.broken.push({ file: image.file, error: error.message });
      progress.parts(done, images.length, path.basename(image.file));
    }
  } finally {
    await pool.close();
  }
}

function notePhoto(found: Found, { file, width, height }: Sized, grey: boolean): void {
  const pixels = (each?: Sized) => each && each.width * each.height;
  if (grey) found.grey++;
  if (width * height < (pixels(found.smallest) ?? Infinity)) found.smallest = { file, width, height };
  if (width * height > (pixels(found.largest) ?? 0)) found.largest = { file, width, height };
}

/** Every pixel is grey, however the file stores it. */
function isGrey({ data }: Photo): boolean {
  for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

function checkJson(dataset: Dataset, found: Found, warnings: readonly string[]): string {
  const { kind, root, classes, train, test, held, banner } = dataset;
  const split = { train: train.length, test: test.length };
  const official = held && { train: held.train.length, val: held.val.length };
  const counts = { classes: classes.length, ...split, held: official };
  return JSON.stringify({ dataset: kind, folder: root, ...counts, banner, warnings, ...found });
}

/** Counts, sizes, warnings and what is broken, with paths from the data set's folder. */
export function checkText(dataset: Dataset, found: Found, warnings: readonly string[]): string {
  const { kind, root, classes, train, test, held, banner } = dataset;
  const short = (text: string) => text.replaceAll(root + path.sep, '');
  const rows = [
    ['classes', `${classes.length}`, ''],
    ['train', `${train.length}`, rangeText(countByClass(classes, train))],
    ['test', `${test.length}`, rangeText(countByClass(classes, test))],
  ];
  if (held)
    rows.push(['held out', `${held.val.length}`, `of train by the data set's own list, ${held.train.length} left`]);
  rows.push(['grey', `${found.grey}`, '']);
  for (const key of ['smallest', 'largest'] as const) {
    const sized = found[key];
    if (sized) rows.push([key, `${sized.width} x ${sized.height}`, short(sized.file)]);
  }
  if (banner > 0) rows.push(['banner', `${banner} px`, 'is cropped off the bottom of each']);
  const whole = found.images - found.broken.length;
  return [
    `${paint('bold', kind)}  ${root}`,
    table(rows, [1]),
    ...warnings.map((warning) => `  ${paint('yellow', 'warning')}  ${short(warning)}`),
    ...found.broken.map(({ error }) => `  ${paint('red', 'broken')}  ${short(error)}`),
    found.broken.length === 0
      ? `${paint('green', 'whole')}  all ${whole} images`
      : `${paint('red', 'broken')}  ${found.broken.length} of ${found.images} images`,
  ].join('\n');
}

function rangeText(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? `${least} a class` : `${least} to ${most} a class`;
}
