// `plumage init`: a model ready to train. The backbone is pretrained, all else starts from seeded values.

import { Command, InvalidArgumentError, Option } from 'commander';
import { checkModel, modelGraph } from '../engine/checkModel.ts';
import { mismatch } from '../errors.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { readWeights } from '../formats/weights.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { checkConfig, expectedParameters, networkFields, parseSource, SMALLEST_SIZE } from '../model/config.ts';
import { initialValues } from '../model/initialise.ts';
import { type Preset, presets } from '../model/presets.ts';
import { checkDistinct, readClassNames } from './classNames.ts';
import { modelFile, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { replaceFile } from './replaceFile.ts';
import { collect, parseSetting } from './setting.ts';
import { bytesText, print } from './text.ts';

interface InitOptions extends Omit<NewModel, 'settings'> {
  readonly classes: string;
  readonly set?: readonly string[];
  readonly backbone: string;
  readonly out: string;
}

export interface NewModel {
  readonly preset: Preset;
  /** The side of its photos in pixels, where it is not the preset's. */
  readonly size?: number;
  readonly seed: number;
  /** Fields of the configuration in place of the preset's. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

const EXAMPLE = `
The presets: paper (the published network), lite (half as wide), plain (ResNet50 alone, the baseline), tiny (for tests).
Stride variant, eps and preprocessing are those that the backbone's weights were trained with.

Examples:
  $ plumage init --preset lite --classes birds.txt --backbone imagenet --out birds.safetensors
  $ plumage init --preset paper --classes birds.txt --backbone resnet50.pth --out birds.safetensors --size 224
  $ plumage init --classes birds.txt --out birds.safetensors --set normalise=true --set pool=top5`;

export function initCommand(): Command {
  return new Command('init')
    .description('make a model that is ready to train: a pretrained backbone, everything else new')
    .addOption(
      new Option('--preset <preset>', 'what to make').choices(Object.keys(presets)).default('lite' satisfies Preset),
    )
    .requiredOption('--classes <file>', 'a text file with one class name a line, such as plumage data classes prints')
    .option('--backbone <weights>', 'imagenet, or a .pth or .safetensors file of a ResNet50', 'imagenet')
    .requiredOption('--out <file>', 'the .safetensors file to write')
    .option('--size <n>', "side of the photos in pixels, instead of the preset's", wholeNumber)
    .option('--seed <n>', 'the same seed gives the same values', seedNumber, 0)
    .option(
      '--set <field=value>',
      `of the network, may be given again: ${networkFields('plumage').join(', ')}`,
      collect,
    )
    .addHelpText('after', EXAMPLE)
    .action(init);
}

function seedNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError('Expected a whole number from 0.');
}

async function init({ classes, backbone, out, set = [], ...options }: InitOptions): Promise<void> {
  const names = readClassNames(classes);
  checkDistinct(names);
  const from = await modelFile(backbone, startProgress());
  const settings = Object.fromEntries(set.map(parseSetting));
  const file = newModel(await readWeights(readInput(from, 'weights'), from), from, names, { ...options, settings });
  const bytes = writeSafetensors(file);
  replaceFile(out, bytes);
  print(`${out}  ${bytesText(bytes.length)}`);
}

/** The file of a new model: `backbone.*` of `source` but for fc, the rest from the seed. */
export function newModel(
  source: TensorFile,
  where: string,
  classes: readonly string[],
  { preset, size = presets[preset].size, seed, settings = {} }: NewModel,
): TensorFile {
  if (size < SMALLEST_SIZE) throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  const fields = networkFields(presets[preset].model);
  const unknown = Object.keys(settings).find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    throw mismatch('input', '--set', 'field', unknown, fields.length > 0 ? `one of ${fields.join(', ')}` : 'none here');
  }
  const given = { ...presets[preset], ...parseSource(source.metadata, where), size, classes, ...settings };
  const config = checkConfig(given, where);
  const isBackbone = (name: string) => name.startsWith('backbone.') && !name.startsWith('backbone.fc.');
  const shapes = [...expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3]))];
  const fresh = initialValues(new Map(shapes.filter(([name]) => !isBackbone(name))), seed);
  const kept = [...source.tensors].filter(([name]) => isBackbone(name) && !name.endsWith('num_batches_tracked'));
  const file = {
    tensors: new Map<string, Tensor>([...kept, ...fresh]),
    metadata: { plumage: JSON.stringify(config) },
  };
  checkModel(file, where);
  return file;
}
