// `plumage export`: a model as a file for others: ONNX for any runtime, or safetensors in another precision.

import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { checkModel, modelGraph } from '../engine/checkModel.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { writeOnnx } from '../formats/onnx.ts';
import { writeSafetensors } from '../formats/safetensors.ts';
import { readWeights } from '../formats/weights.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { expectedParameters, type ModelConfig, SMALLEST_SIZE } from '../model/config.ts';
import { modelFile, modelOption, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { checkWritable, replaceFile } from './replaceFile.ts';
import { bytesText, print } from './text.ts';

export interface ExportOptions {
  readonly model: string;
  readonly onnx?: string;
  readonly size?: number;
  readonly batch?: number | 'dynamic';
  readonly safetensors?: string;
  readonly dtype?: 'f32' | 'f16' | 'bf16';
}

const DTYPES = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const;

const EXAMPLE = `
The ONNX model (opset 17) holds the weights. It takes x (N, H, W, 3), normalised, as \`plumage run\` does, and gives outputs
of the same names.

Examples:
  $ plumage export --model imagenet --onnx resnet50.onnx
  $ plumage export --model birds.safetensors --onnx birds.onnx --size 448 --batch dynamic
  $ plumage export --model birds.safetensors --safetensors small.safetensors --dtype f16`;

export function exportCommand(): Command {
  return new Command('export')
    .description('write a model as ONNX for other runtimes, or as safetensors in another precision')
    .addOption(modelOption())
    .option('--onnx <file>', 'the .onnx file to write')
    .option('--size <n>', "side of x in the ONNX model in pixels, instead of the model's own", wholeNumber)
    .option('--batch <n>', 'images that the ONNX model takes at a time, or dynamic for any number (default: 1)', batch)
    .option('--safetensors <file>', 'the .safetensors file to write')
    .addOption(
      new Option('--dtype <dtype>', 'how its weights are stored, but for biases and norms (default: f32)').choices(
        Object.keys(DTYPES),
      ),
    )
    .addHelpText('after', EXAMPLE)
    .action(exportModel);
}

function batch(text: string): number | 'dynamic' {
  if (text === 'dynamic') return text;
  try {
    return wholeNumber(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number from 1, or dynamic.');
  }
}

export async function exportModel(options: ExportOptions): Promise<void> {
  checkOptions(options);
  const { onnx, safetensors, dtype = 'f32' } = options;
  // Before a download or minutes of work: a file that cannot be written.
  for (const out of [onnx, safetensors]) if (out !== undefined) checkWritable(out);
  const progress = startProgress();
  const from = await modelFile(options.model, progress);
  const { file, config } = await progress.during('reading the weights', () => readModel(from));
  if (safetensors !== undefined) {
    const bytes = await progress.during('writing', async () => writeSafetensors(file, DTYPES[dtype]));
    replaceFile(safetensors, bytes);
    print(`${safetensors}  ${bytesText(bytes.length)}`);
  }
  if (onnx !== undefined) {
    const bytes = await progress.during('writing', async () => onnxModel(file, config, options));
    replaceFile(onnx, bytes);
    print(`${onnx}  ${bytesText(bytes.length)}`);
  }
}

/** @throws PlumageError `input` where options lack or contradict each other. */
export function checkOptions({ onnx, safetensors, size, batch, dtype }: ExportOptions): void {
  if (onnx === undefined && safetensors === undefined) {
    throw new PlumageError('input', 'export: nothing to write - name a file with --onnx or --safetensors');
  }
  const lacks = (option: string, needed: string) =>
    new PlumageError('input', `export: ${option} says something of ${needed}, which is not given - add ${needed} FILE`);
  if (onnx === undefined && size !== undefined) throw lacks('--size', '--onnx');
  if (onnx === undefined && batch !== undefined) throw lacks('--batch', '--onnx');
  if (safetensors === undefined && dtype !== undefined) throw lacks('--dtype', '--safetensors');
  if (onnx !== undefined && safetensors !== undefined && path.resolve(onnx) === path.resolve(safetensors)) {
    throw new PlumageError('input', `export: --onnx and --safetensors both name ${onnx} - name two files`);
  }
  if (size !== undefined && size < SMALLEST_SIZE) {
    throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  }
}

/** The checked model, without tensors that it does not use. */
async function readModel(from: string): Promise<{ file: TensorFile; config: ModelConfig }> {
  const all = await readWeights(readInput(from, 'weights'), from);
  const config = checkModel(all, from);
  const used = [...expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])).keys()];
  const tensors = new Map(used.map((name) => [name, all.tensors.get(name)!]));
  return { file: { tensors, metadata: all.metadata }, config };
}

/** The bytes of the ONNX model; its metadata hold the configuration with the size that it was made for. */
export function onnxModel(
  file: TensorFile,
  config: ModelConfig,
  { model, size = config.size, batch = 1 }: Pick<ExportOptions, 'model' | 'size' | 'batch'>,
): Uint8Array {
  const dynamicBatch = batch === 'dynamic';
  const outputs = modelGraph(config, [dynamicBatch ? 1 : batch, size, size, 3]);
  const metadata = { ...file.metadata, plumage: JSON.stringify({ ...config, size }) };
  return writeOnnx(outputs, { tensors: file.tensors, metadata }, { where: model, dynamicBatch });
}
