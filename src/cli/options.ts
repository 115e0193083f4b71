// Options that several commands share, and the model that `--model` names.

import { InvalidArgumentError, Option } from 'commander';
import { parseShard, type Shard } from '../data/shards.ts';
import { mismatch } from '../errors.ts';
import type { Precision } from '../graph/target.ts';
import { cacheFolder } from '../node/cache.ts';
import { fetchImagenet } from '../node/fetchWeights.ts';
import type { RuntimeOptions } from '../node/runtime.ts';
import { interruptible } from './interrupt.ts';
import type { Progress } from './progress.ts';

export interface SharedOptions extends RuntimeOptions {
  readonly model: string;
  readonly precision: Precision;
}

export const modelOption = () =>
  new Option('--model <model>', 'imagenet, or a .safetensors or .pth file').default('imagenet');

export const runtimeOptions = () => [
  new Option('--runtime <runtime>', 'where the kernels run: Dawn in Node, or a headless Chrome')
    .choices(['node', 'chrome'])
    .default('node'),
  new Option('--adapter <adapter>', 'gpu, software, swiftshader or, in node, lavapipe or a part of its name'),
  new Option('--browser <path>', 'the Chrome or Chromium for --runtime chrome'),
  precisionOption(),
];

export const precisionOption = () =>
  new Option('--precision <precision>', 'f16 stores values in half the memory, where the adapter can')
    .choices(['f32', 'f16'])
    .default('f32');

export interface ShardOptions {
  readonly shard?: string;
  readonly shards?: number;
}

export const shardOptions = () => [
  new Option(
    '--shard <part>',
    'only a part of the photos: 3/16, or auto in a Slurm array or an indexed Kubernetes Job',
  ),
  new Option('--shards <n>', 'with --shard auto: how many there are, where Kubernetes does not say').argParser(
    wholeNumber,
  ),
];

/** The part that the options name; undefined for all. @throws PlumageError `input` */
export function shardOf({ shard, shards }: ShardOptions): Shard | undefined {
  if (shard !== undefined) return parseShard(shard, shards, process.env);
  if (shards === undefined) return undefined;
  throw mismatch('input', '--shards', 'value', shards, 'it only beside --shard auto');
}

export const jsonOption = () => new Option('--json', 'print nothing but JSON');

/** For options that count something. */
export const wholeNumber = (text: string): number => wholeFrom(1, text);
export const wholeFromZero = (text: string): number => wholeFrom(0, text);

function wholeFrom(least: number, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
}

/** The file of a model: `imagenet` is fetched where it is not in the cache, all else is a path. */
export function modelFile(model: string, progress: Progress): Promise<string> {
  if (model !== 'imagenet') return Promise.resolve(model);
  const work = (signal: AbortSignal) =>
    fetchImagenet({
      cacheDir: cacheFolder(),
      onProgress: (each) => progress.download(each),
      log: (line) => progress.line(line),
      signal,
    });
  return progress.during('looking for the ImageNet weights', () => interruptible(work));
}
