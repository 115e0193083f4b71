// `plumage run`: one tensor through a model, all named outputs to a file. For debugging and for checks against others.

import { Command } from 'commander';
import { mismatch } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { openRuntime } from '../node/runtime.ts';
import { modelFile, modelOption, runtimeOptions, type SharedOptions } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { replaceFile } from './replaceFile.ts';
import { print } from './text.ts';

interface RunOptions extends SharedOptions {
  readonly input: string;
  readonly output: string;
}

const EXAMPLE = `
The input file holds one tensor, x (N, H, W, 3), already normalised as the model wants it. The outputs keep their names:
here logits (N, classes).

Example:
  $ plumage run --model imagenet --input x.safetensors --output logits.safetensors`;

export function runCommand(): Command {
  const command = new Command('run')
    .description('run a model on a tensor file and write its outputs to another')
    .addOption(modelOption())
    .requiredOption('--input <file>', 'a .safetensors file with the tensor x')
    .requiredOption('--output <file>', 'the .safetensors file to write');
  for (const option of runtimeOptions()) command.addOption(option);
  return command.addHelpText('after', EXAMPLE).action(run);
}

async function run(options: RunOptions): Promise<void> {
  const progress = startProgress();
  const x = readX(readInput(options.input, 'input'), options.input);
  const file = await modelFile(options.model, progress);
  const runtime = await progress.during('opening the adapter', () => openRuntime(options));
  try {
    await progress.during('reading the weights', () => runtime.load(file));
    const outputs = await progress.during('running', () => runtime.run(x));
    const tensors = new Map(Object.entries(outputs));
    replaceFile(
      options.output,
      writeSafetensors({ tensors, metadata: { adapter: runtime.adapter.name, precision: options.precision } }),
    );
    for (const [name, { shape }] of tensors) print(`${name}  ${shape.join(' x ')}`);
  } finally {
    await runtime.close();
  }
}

/** The one tensor `x` of an input file. */
export function readX(bytes: Uint8Array, where: string): Tensor {
  const { tensors } = readSafetensors(bytes, where);
  const x = tensors.get('x');
  if (x && tensors.size === 1) return x;
  throw mismatch('input', where, 'tensors', [...tensors.keys()].slice(0, 5), 'only x, (N, H, W, 3) f32');
}
