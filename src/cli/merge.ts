// `plumage merge`: what the shards of `plumage classify --csv` or `plumage eval` wrote, joined as if one machine had done it all.

import { Command } from 'commander';
import { evaluationText, mergeEvaluations, readEvaluationPart } from '../data/evaluation.ts';
import type { PartFacts } from '../data/parts.ts';
import { mismatch } from '../errors.ts';
import { KINDS, openDataset } from '../node/datasets/dataset.ts';
import { isCsvPart, mergeCsv, readCsvPart } from './classifyCsv.ts';
import { writeEvaluationPage } from './evalPage.ts';
import { evaluationJson, resultText } from './evalText.ts';
import { jsonOption } from './options.ts';
import { startProgress } from './progress.ts';
import { readInput } from './readInput.ts';
import { checkWritable, replaceFile } from './replaceFile.ts';
import { print } from './text.ts';

interface MergeOptions {
  readonly html?: string;
  readonly data?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
The parts are all that --shard 1/N to N/N wrote, of the same model, data and options; anything else is refused. An evaluation's
metrics are counted again over all images.

Examples:
  $ plumage merge photos.csv parts/*.csv
  $ plumage merge birds.json parts/*.json --html birds.html`;

export function mergeCommand(): Command {
  return new Command('merge')
    .description('join what the shards of classify --csv or eval wrote')
    .argument('<out>', 'the file to write')
    .argument('<part...>', 'the files of all shards, in any order')
    .option('--html <file>', 'of an evaluation: also write its page')
    .option('--data <folder>', "for the page's photos: the data set's folder, where it is not at its place any more")
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLE)
    .action(merge);
}

async function merge(out: string, files: string[], options: MergeOptions): Promise<void> {
  for (const file of [out, options.html]) if (file !== undefined) checkWritable(file);
  const parts = files.map((file) => ({ file, text: new TextDecoder().decode(readInput(file, 'a part')) }));
  if (parts.some(({ text }) => isCsvPart(text))) {
    if (options.html !== undefined) throw mismatch('input', '--html', 'parts', 'tables', 'those of an evaluation');
    const read = parts.map(({ file, text }) => readCsvPart(text, file));
    replaceFile(out, Buffer.from(mergeCsv(read)));
    print(options.json ? JSON.stringify({ file: out, parts: files.length }) : `${out}  ${joined(read[0]!.facts)}`);
    return;
  }
  const read = parts.map(({ file, text }) => readEvaluationPart(text, file));
  const result = mergeEvaluations(read);
  replaceFile(out, Buffer.from(evaluationText(result)));
  if (options.html !== undefined) {
    const progress = startProgress(options.json);
    await writeEvaluationPage(options.html, result, await rootOf(result, options.data), progress);
  }
  if (options.json) print(JSON.stringify(evaluationJson(result)));
  else print(`${resultText(result)}\n${out}  ${joined(read[0]!.facts)}`);
}

const joined = ({ of }: PartFacts): string => `${of} ${of === 1 ? 'part' : 'parts'} joined`;

/** Where the data set's parts lie below the folder that the user names. */
async function rootOf(
  { data, dataset }: { data: string; dataset: string },
  folder: string | undefined,
): Promise<string> {
  const kind = KINDS.find((each) => each === dataset);
  return folder === undefined || !kind ? data : (await openDataset(kind, folder)).root;
}
