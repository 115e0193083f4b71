// `plumage eval`: how good a model is on a data set, as numbers, as a page, and image by image. Or a shard of that.

import path from 'node:path';
import { Command, Option } from 'commander';
import { evaluation, evaluationText, type ImageResult, outcome } from '../data/evaluation.ts';
import { ofShard } from '../data/shards.ts';
import { mismatch } from '../errors.ts';
import { predictionOf } from '../model/config.ts';
import { countWarnings, type Dataset, type LabelledImage } from '../node/datasets/dataset.ts';
import { type DatasetOptions, datasetOptions, LAYOUTS, openNamed } from './datasetOptions.ts';
import { writeEvaluationPage } from './evalPage.ts';
import { evaluationJson, resultText } from './evalText.ts';
import { fingerprint } from './fingerprint.ts';
import { labelledFor } from './modelClasses.ts';
import {
  jsonOption,
  modelFile,
  modelOption,
  runtimeOptions,
  type ShardOptions,
  type SharedOptions,
  shardOf,
  shardOptions,
} from './options.ts';
import { type Opened, overPhotos, type PhotoWork, Unread, withModel } from './photoRun.ts';
import { type Progress, startProgress } from './progress.ts';
import { checkWritable, replaceFile } from './replaceFile.ts';
import { print } from './text.ts';

interface EvalOptions extends SharedOptions, ShardOptions, DatasetOptions {
  readonly data: string;
  readonly split: SplitName;
  readonly json?: boolean;
  readonly html?: string;
  readonly out?: string;
}

export type SplitName = 'test' | 'train' | 'val';

const EXAMPLE = `${LAYOUTS}

Images that cannot be read are named, counted and left out of the shares.

Examples:
  $ plumage eval --model birds.safetensors --data CUB_200_2011 --dataset cub
  $ plumage eval --model birds.safetensors --data CUB_200_2011 --dataset cub --html birds.html
  $ plumage eval --model my.safetensors --data photos --dataset folder --json
  $ plumage eval --model my.safetensors --data photos --dataset folder --shard 3/16 --out part3.json   # then plumage merge`;

export function evalCommand(): Command {
  const command = new Command('eval')
    .description('measure how often a model is right on a data set, and what it confuses')
    .addOption(modelOption().default(undefined).makeOptionMandatory())
    .requiredOption('--data <folder>', "the data set's folder")
    .addOption(
      new Option('--split <part>', 'which images; val is the official one')
        .choices(['test', 'train', 'val'])
        .default('test'),
    )
    .option('--html <file>', 'also write a page: confusion matrix, most confused pairs with photos')
    .option('--out <file>', 'also write what was said of each image, as JSON');
  for (const option of [...datasetOptions(), ...runtimeOptions(), ...shardOptions()]) command.addOption(option);
  return command.addOption(jsonOption()).addHelpText('after', EXAMPLE).action(run);
}

async function run(options: EvalOptions): Promise<void> {
  const { data, html, out, split } = options;
  const shard = shardOf(options);
  if (shard && out === undefined) throw mismatch('input', '--shard', '--out', 'nothing', 'the file for its part');
  if (shard && html !== undefined) {
    throw mismatch('input', '--html', 'value', html, 'it only without --shard', 'give it to plumage merge');
  }
  for (const file of [html, out]) if (file !== undefined) checkWritable(file);
  const progress = startProgress(options.json);
  const dataset = await progress.during('reading the lists', () => openNamed(data, options));
  // A part of the classes has other counts anyhow.
  const counts = options.classes === undefined ? countWarnings(dataset) : [];
  for (const warning of [...dataset.warnings, ...counts]) progress.line(`${data}: ${warning}`);
  const images = imagesOf(dataset, split);
  const file = await modelFile(options.model, progress);
  const part = shard && { made: 'eval' as const, fingerprint: fingerprintOf(file, dataset, images, options), ...shard };
  const { result, rate } = await withModel(options, file, progress, async (opened) => {
    const labelled = labelledFor(dataset, opened.config.classes, options.model)(images);
    const mine = shard ? ofShard(labelled, shard) : labelled;
    const { results, rate } = await evaluate(opened, dataset, mine, progress, !!shard);
    const { config, runtime } = opened;
    const facts = {
      ...{ model: options.model, network: config.model, data: dataset.root, dataset: dataset.kind, split },
      ...{
        banner: dataset.banner,
        precision: options.precision,
        adapters: [runtime.adapter.name],
        classes: config.classes,
      },
    };
    return { result: evaluation(facts, results, part), rate };
  });
  if (out !== undefined) replaceFile(out, Buffer.from(evaluationText(result)));
  if (html !== undefined) await writeEvaluationPage(html, result, dataset.root, progress);
  if (options.json) print(JSON.stringify(evaluationJson(result)));
  else print([resultText(result), rate && `speed    ${rate}`].filter(Boolean).join('\n'));
}

/** What the model says of each image, in order; `part`: they are a shard's. */
export async function evaluate(
  { runtime, config }: Opened,
  { root, banner }: Pick<Dataset, 'root' | 'banner'>,
  images: readonly LabelledImage[],
  progress: Progress,
  part = false,
): Promise<{ results: ImageResult[]; rate: string }> {
  const decides = predictionOf(config);
  const concat = config.model === 'plain' ? decides : 'logitsCat';
  const names = [...new Set([decides, concat])];
  const results: ImageResult[] = [];
  const work: PhotoWork<LabelledImage, ReturnType<typeof outcome>> = {
    label: 'evaluating',
    nameOf: ({ file }) => relative(root, file),
    fileOf: ({ file }) => file,
    banner,
    part,
    compute: async (photo, { label }) => {
      const outputs = await runtime.outputs(photo, names);
      return outcome(label, outputs[decides]!.data, outputs[concat]!.data);
    },
    done: ({ file, label }, said) => {
      const name = relative(root, file);
      results.push(said instanceof Unread ? { file: name, label, error: said.reason } : { file: name, ...said });
    },
  };
  const { rate } = await overPhotos(images, work, progress);
  return { results, rate };
}

const relative = (root: string, file: string): string => path.relative(root, file).replaceAll(path.sep, '/');

/** The images of a part. @throws PlumageError `input` where the data set has none. */
function imagesOf({ root, kind, train, test, held }: Dataset, split: SplitName): readonly LabelledImage[] {
  if (split === 'val' && !held) {
    throw mismatch('input', '--split', 'part', 'val', `test or train: ${kind} has no official validation images`);
  }
  const images = { train, test, val: held?.val ?? [] }[split];
  if (images.length > 0) return images;
  throw mismatch('input', root, `images of ${split}`, 'none', 'at least 1');
}

/** The shard and the place of the data are no part of it: parts of one run share the rest. */
function fingerprintOf(
  file: string,
  { root, classes, banner }: Dataset,
  images: readonly LabelledImage[],
  { precision, split }: EvalOptions,
): string {
  const list = images.map((image) => [relative(root, image.file), image.label]);
  return fingerprint(file, { classes, banner, split, precision, list });
}
