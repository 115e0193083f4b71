// `plumage gradcheck`: a model's gradients against finite differences of its loss, a line a tensor.

import { Command, Option } from 'commander';
import { checkModel } from '../engine/checkModel.ts';
import { mismatch } from '../errors.ts';
import { readWeights } from '../formats/weights.ts';
import { openDevice } from '../gpu/device.ts';
import type { Tensor } from '../graph/tensor.ts';
import { SMALLEST_SIZE } from '../model/config.ts';
import { openAdapter, releaseAdapters } from '../node/adapter.ts';
import { gradcheck, type SlopeCheck } from '../train/gradcheck.ts';
import { interruptible } from './interrupt.ts';
import { jsonOption, modelFile, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { paint, print, table } from './text.ts';

interface GradcheckCommandOptions {
  readonly size: number;
  readonly batch: number;
  readonly adapter?: string;
  readonly seed: number;
  readonly worst: number;
  readonly tolerance: number;
  readonly json?: boolean;
}

const EXAMPLE = `
Each trained tensor is moved along its gradient, forward and back, and the loss's change is compared with the gradient's
length: for whoever changes or adds an op. Values that a gradient leaves at 0 are not moved: their share is listed. The photos are noise. Attentions that still weigh nothing (gamma and beta 0)
are given 0.5, or the gradients behind them would be 0. Exit code 1 where a tensor is off by more than the tolerance.

Examples:
  $ plumage gradcheck birds.safetensors
  $ plumage gradcheck imagenet --size 64 --batch 8 --worst 20`;

export function gradcheckCommand(): Command {
  return new Command('gradcheck')
    .description("check a model's gradients, layer by layer, by finite differences")
    .argument('<model>', 'imagenet, or a .safetensors or .pth file')
    .option('--size <n>', 'side of the square input in pixels', wholeNumber, 64)
    .option('--batch <n>', 'images, at least 4', wholeNumber, 8)
    .option('--seed <n>', 'of the noise', wholeNumber, 1)
    .option('--worst <n>', 'how many tensors to list', wholeNumber, 12)
    .option('--tolerance <share>', 'largest error of a slope', Number, 0.02)
    .addOption(new Option('--adapter <adapter>', 'gpu, software, swiftshader, lavapipe or a part of its name'))
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLE)
    .action(check);
}

async function check(model: string, options: GradcheckCommandOptions): Promise<void> {
  const { size, batch, seed, tolerance, json } = options;
  if (size < SMALLEST_SIZE) throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  if (batch < 4) throw mismatch('input', '--batch', 'images', batch, 'at least 4');
  if (!(tolerance > 0)) throw mismatch('input', '--tolerance', 'share', tolerance, 'a number above 0');
  const progress = startProgress(json);
  const path = await modelFile(model, progress);
  const file = await readWeights(readInput(path, 'weights'), path);
  const config = { ...checkModel(file, path), size };
  const tensors = new Map(file.tensors);
  const switchedOn = ['clca.gamma', 'cga.beta'].filter((name) => tensors.get(name)?.data.every((value) => value === 0));
  for (const name of switchedOn) tensors.set(name, half(tensors.get(name)!));
  const { adapter } = await progress.during('opening the adapter', () => openAdapter(options));
  const device = await openDevice(adapter);
  const found: SlopeCheck[] = [];
  try {
    await progress.during('checking', () =>
      interruptible(async (signal) => {
        const total = [...tensors.keys()].filter((name) => !/running_(mean|var)$/.test(name)).length;
        for await (const each of gradcheck(device, config, tensors, { batch, seed, signal })) {
          found.push(each);
          progress.parts(found.length, total, each.name);
        }
      }),
    );
  } finally {
    device.gpu.destroy();
    releaseAdapters();
  }
  const wrong = found.filter(({ error }) => error !== undefined && !(error <= tolerance));
  if (json) print(JSON.stringify({ adapter: device.description.name, tolerance, switchedOn, tensors: found }));
  else print(resultText(found, wrong, options, switchedOn));
  if (wrong.length > 0) process.exitCode = 1;
}

const half = ({ shape, data }: Tensor): Tensor => ({ shape, data: data.map(() => 0.5) });

function resultText(
  found: readonly SlopeCheck[],
  wrong: readonly SlopeCheck[],
  { worst, tolerance }: GradcheckCommandOptions,
  switchedOn: readonly string[],
): string {
  const told = found.filter(({ error }) => error !== undefined);
  const sorted = [...told].sort((a, b) => b.error! - a.error!);
  const percent = (share: number) => `${(100 * share).toFixed(3)} %`;
  const rows = sorted.slice(0, worst).map(({ name, backward, difference, error, zeros }) => {
    return [name, backward.toPrecision(5), difference.toPrecision(5), percent(error!), `${(100 * zeros).toFixed(1)} %`];
  });
  const lines = [table([['tensor', 'backward', 'difference', 'error', 'zeros'], ...rows], [1, 2, 3, 4])];
  if (switchedOn.length > 0) lines.push(`  set to 0.5 for this check: ${switchedOn.join(', ')}`);
  const flat = found.length - told.length;
  if (flat > 0) lines.push(`  ${flat} of ${found.length} too flat to tell, as biases before a batch norm are`);
  const verdict = `${told.length - wrong.length} of ${told.length} within ${percent(tolerance)}`;
  lines.push(`  ${paint(wrong.length > 0 ? 'red' : 'green', verdict)}`);
  return lines.join('\n');
}
