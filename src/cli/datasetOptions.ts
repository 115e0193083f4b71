// The options that say which data set a command reads, and the data set that they name.

import { Option } from 'commander';
import { type Dataset, KINDS, type Kind, openDataset } from '../node/datasets/dataset.ts';
import { readClassNames } from './classNames.ts';
import { wholeFromZero, wholeNumber } from './options.ts';

export interface DatasetOptions {
  readonly dataset: Kind;
  /** A file with class names. */
  readonly classes?: string;
  readonly banner?: number;
}

/** For the help of commands with these options. */
export const LAYOUTS = `
Layouts, as the data sets are distributed; DIR may also be the folder above:
  cub       CUB-200-2011: CUB_200_2011/ with images/, images.txt, image_class_labels.txt, train_test_split.txt, classes.txt
  cars      Stanford Cars: devkit/, cars_train/, cars_test/, cars_test_annos_withlabels.mat; or car_ims/, cars_annos.mat
  aircraft  FGVC-Aircraft: fgvc-aircraft-2013b/data/ with images/, variants.txt, images_variant_*.txt
  folder    train/<class>/*.jpg and test/<class>/*.jpg`;

export const datasetOptions = () => [
  new Option('--dataset <layout>', "the data set's layout").choices(KINDS).makeOptionMandatory(),
  new Option('--classes <file>', 'only the classes named in this text file, one a line'),
  bannerOption('rows to crop off the bottom (default: 20 for aircraft, else 0)'),
];

export const bannerOption = (help: string) => new Option('--banner <rows>', help).argParser(wholeFromZero);

export const workersOption = () =>
  new Option('--workers <n>', 'threads that decode (default: one core fewer than there are, 4 at most)').argParser(
    wholeNumber,
  );

/** @throws PlumageError `input` in one line for a data set that is not whole, and for class names that it does not have. */
export function openNamed(folder: string, { dataset, classes, banner }: DatasetOptions): Promise<Dataset> {
  return openDataset(dataset, folder, { banner, classes: classes === undefined ? undefined : readClassNames(classes) });
}
