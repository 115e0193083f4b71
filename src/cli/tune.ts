// `plumage tune`: times the kernels that each layer of a model can have on this adapter and keeps the fastest. A browser
// keeps its own; nothing but this command and `tune` of `plumage/measure` ever times kernels.

import { Command, InvalidArgumentError, Option } from 'commander';
import { checkModel } from '../engine/checkModel.ts';
import { open } from '../engine/engine.ts';
import { tune as tuneForms } from '../engine/tune.ts';
import { mismatch } from '../errors.ts';
import { readWeights } from '../formats/weights.ts';
import type { Measurement, TuneResult } from '../gpu/tuner.ts';
import { SMALLEST_SIZE } from '../model/config.ts';
import { openAdapter, releaseAdapters } from '../node/adapter.ts';
import { choicesPath, clearChoices, keepInFile, keptChoices } from '../node/choices.ts';
import { interruptible } from './interrupt.ts';
import { jsonOption, modelFile, modelOption, wholeNumber } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { paint, print, table, timeText } from './text.ts';

interface TuneCommandOptions {
  readonly model: string;
  readonly size?: number;
  readonly batch: number;
  readonly adapter?: string;
  readonly budget: number;
  readonly clear?: boolean;
  readonly json?: boolean;
}

const EXAMPLE = `
Every command in Node but gradcheck then uses what was found on this adapter, and a program of yours by
open({ adapter, choices: await keptChoices(adapter) }); layers that were timed before are not timed again, until
the adapter's driver or the kernels change. Results stay within the accuracy that is stated for the kernels.

Examples:
  $ plumage tune
  $ plumage tune --model birds.safetensors --size 448 --budget 300
  $ plumage tune --clear`;

export function tuneCommand(): Command {
  return new Command('tune')
    .description('time the kernels for a model on this adapter and keep the fastest')
    .addOption(modelOption())
    .option('--size <n>', "side of the square input in pixels, instead of the model's own", wholeNumber)
    .option('--batch <n>', 'photos in one run', wholeNumber, 1)
    .addOption(new Option('--adapter <adapter>', 'gpu, software, swiftshader, lavapipe or a part of its name'))
    .option('--budget <seconds>', 'the time that timing may take; the costliest layers come first', seconds, 60)
    .option('--clear', 'forget what was kept for all adapters instead')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLE)
    .action((options: TuneCommandOptions) => (options.clear ? clear(options) : tune(options)));
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(text.trim() && value >= 0 && value < 1e6)) throw new InvalidArgumentError('Expected seconds, 0 or more.');
  return value;
}

async function clear({ json }: TuneCommandOptions): Promise<void> {
  const file = choicesPath();
  const adapters = await clearChoices();
  if (json) print(JSON.stringify({ file, removed: adapters !== undefined, adapters: adapters ?? 0 }));
  else if (adapters === undefined) print(`nothing was kept at ${file}`);
  else print(`removed ${file}, choices for ${adapters} adapter${adapters === 1 ? '' : 's'}`);
}

async function tune(options: TuneCommandOptions): Promise<void> {
  const { size, batch, json } = options;
  if (size !== undefined && size < SMALLEST_SIZE) {
    throw mismatch('input', '--size', 'pixels', size, `at least ${SMALLEST_SIZE}`);
  }
  const progress = startProgress(json);
  const path = await modelFile(options.model, progress);
  const config = checkModel(await readWeights(readInput(path, 'weights'), path), path);
  const { adapter } = await progress.during('opening the adapter', () => openAdapter(options));
  const choices = await keptChoices(adapter, (line) => progress.line(line));
  const engine = await open({ adapter, choices });
  try {
    const onProgress = ({ done, of, key }: { done: number; of: number; key: string }) => progress.parts(done, of, key);
    const budgetMilliseconds = 1000 * options.budget;
    const result = await progress.during('timing', () =>
      interruptible((signal) => tuneForms(engine, { config }, { size, batch, budgetMilliseconds, onProgress, signal })),
    );
    if (result.measured.length > 0) await keepInFile(engine.device.adapterKey, result.choices);
    print(json ? jsonText(result, engine.adapter.name) : resultText(result, engine.adapter.name));
  } finally {
    engine.dispose();
    releaseAdapters();
  }
}

/** A key with the first choice's time and that of the form that was chosen. */
export interface TunedRow {
  readonly key: string;
  readonly uses: number;
  readonly first: Measurement;
  readonly chosen: Measurement;
}

/** One row a key that has a time for both, in the order in which they were timed. */
export function summarise({ measured, choices }: TuneResult): TunedRow[] {
  return [...new Set(measured.map(({ key }) => key))].flatMap((key) => {
    const forms = measured.filter((each) => each.key === key);
    const [first, chosen] = [forms[0]!, forms.find(({ form }) => form === choices[key])];
    if (first.milliseconds === undefined || chosen?.milliseconds === undefined) return [];
    return [{ key, uses: first.uses, first, chosen }];
  });
}

/** Milliseconds of a whole run's layers by first choices and by what was chosen. */
function sums(rows: readonly TunedRow[]): { untuned: number; tuned: number; ratio: number } {
  const sum = (of: (row: TunedRow) => Measurement) =>
    rows.reduce((total, row) => total + row.uses * of(row).milliseconds!, 0);
  const [untuned, tuned] = [sum((row) => row.first), sum((row) => row.chosen)];
  return { untuned, tuned, ratio: tuned > 0 ? untuned / tuned : 1 };
}

/** Table, totals, what was rejected and not reached, and where it is kept. */
export function resultText(result: TuneResult, adapter: string): string {
  const rows = summarise(result);
  const lines = rows.map(({ key, uses, first, chosen }) => {
    const gain = first.milliseconds! / chosen.milliseconds!;
    return [
      key,
      `${uses}`,
      first.form,
      timeText(first.milliseconds!),
      chosen.form,
      timeText(chosen.milliseconds!),
      chosen === first ? '' : `${gain.toFixed(2)}x`,
    ];
  });
  const header = ['layer', 'uses', 'first choice', 'time', 'best', 'time', 'gain'];
  const { untuned, tuned, ratio } = sums(rows);
  const rejected = result.measured.filter((each) => each.rejected !== undefined);
  const text = [
    paint('bold', adapter),
    ...(rows.length > 0 ? [`${table([header, ...lines], [1, 3, 5, 6])}\n`] : []),
    ...rejected.map((each) => `  ${paint('yellow', 'rejected')}  ${each.key}: ${each.form}: ${each.rejected}`),
  ];
  if (rows.length > 0) text.push(`  untuned ${timeText(untuned)}, tuned ${timeText(tuned)}: ${ratio.toFixed(2)}x`);
  else if (result.measured.length === 0 && result.notReached === 0)
    text.push('  nothing to time: every layer was timed before');
  if (result.notReached > 0) text.push(`  ${result.notReached} not reached - give more time with --budget`);
  const known = Object.keys(result.choices).length;
  if (known > 0) text.push(`  ${known} choices for this adapter at ${choicesPath()}`);
  return text.join('\n');
}

function jsonText(result: TuneResult, adapter: string): string {
  const { untuned, tuned, ratio } = sums(summarise(result));
  return JSON.stringify({ adapter, file: choicesPath(), milliseconds: { untuned, tuned }, ratio, ...result });
}
