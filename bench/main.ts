// `npm run bench`: times Plumage against its peers, in turn, each run ending at a read-back; `--help` lists the options.

import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { checkWritable, replaceFile } from '../src/cli/replaceFile.ts';
import { PlumageError } from '../src/errors.ts';
import { ceilingsFor, ratiosOf } from './assemble.ts';
import { type Case, casesOf, choosePeers, parseCase } from './cases.ts';
import { ChromeHost } from './chrome.ts';
import { cpuEngines, engineNames, usualNames } from './engines.ts';
import type { Host, RunOptions } from './host.ts';
import { kernelNames } from './kernels.ts';
import { nodeEngines, runInNode } from './node.ts';
import { compareResults, formatComparison } from './report/compare.ts';
import { readResults } from './report/readResults.ts';
import type { CaseResult, Results } from './results.ts';
import { runCases } from './run.ts';
import { serveUntilInterrupted } from './serve.ts';
import { caseText, headText, kernelsText, layersSummary, layersText, sweepText } from './table.ts';
import { lineOf } from './within.ts';

interface Options {
  readonly case?: string[];
  readonly suite?: string;
  readonly peers?: string;
  readonly list?: boolean;
  readonly full?: boolean;
  readonly layers?: boolean;
  readonly budget?: number;
  readonly json?: string;
  readonly html?: string;
  readonly compare?: string;
  readonly browser?: string;
  readonly headed?: boolean;
  readonly serve?: boolean;
  readonly node?: boolean;
  readonly adapter?: string;
}

const EXAMPLES = `
All engines compute in f32. A run takes about its budget; on a software adapter peers take 20 s and more a run and get fewer repeats.

Examples:
  npm run bench
  npm run bench -- --case resnet50/224/1 --layers --json results.json --html results.html
  npm run bench -- --suite kernels --peers none
  npm run bench -- --compare results.json
  npm run bench -- --headed
  npm run bench -- --serve
  npm run bench -- --node --adapter lavapipe --case resnet50/224/1`;

const program = new Command('bench')
  .description(
    'Times Plumage against its peers in one browser, checks their outputs, and reports what limits each layer.',
  )
  .option('--suite <name>', 'resnet50, cold, kernels, finegrained, memory or training; by default all')
  .option('--case <name...>', 'resnet50/<size>/<batch>, finegrained/<lite|paper>/<size>/<batch>, or one of --list')
  .option('--list', 'list the cases and engines')
  .option('--peers <names>', 'whom to run beside ours, with commas between; none for ours alone')
  .option('--full', 'batch 8 too; takes an hour on a software adapter')
  .option('--budget <minutes>', 'about what all may take, two rounds at least: 10, or 60 with --full', positive)
  .option('--layers', 'print every dispatch with GFLOP/s, GB/s and the share of the ceilings')
  .option('--json <file>', 'write the results')
  .option('--html <file>', 'write a report with pictures')
  .option('--compare <file>', 'print what changed since the results in this file')
  .option('--browser <path>', 'the Chrome or Chromium to use')
  .option('--headed', "your own Chrome's window and GPU")
  .option('--serve', 'serve the page that runs the benchmark in any browser, until Ctrl-C')
  .option('--node', "in Node on Dawn, against onnxruntime-node's WebGPU provider")
  .option('--adapter <name>', 'with --node: gpu, swiftshader, lavapipe or a part of its name')
  .addHelpText('after', EXAMPLES);

try {
  await main(program.parse().opts<Options>());
} catch (error) {
  console.error(process.env.PLUMAGE_DEBUG ? error : `bench: ${lineOf(error)}`);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  if (options.adapter && !options.node) throw new PlumageError('input', '--adapter: expected --node with it');
  if (options.suite && options.case) throw new PlumageError('input', '--suite: expected no --case with it');
  const kernels = kernelNames();
  const suite = options.suite ?? (options.node ? 'resnet50' : undefined);
  const cases = options.case?.map((name) => parseCase(name, kernels)) ?? casesOf(suite, !!options.full, kernels);
  const [known, usual] = options.node ? [nodeEngines, nodeEngines] : [engineNames, usualNames];
  const peers = choosePeers(options.peers === 'none' ? '' : options.peers, known, usual);
  if (options.list) return list(cases, known);
  if (options.serve) return serveUntilInterrupted();
  const before = options.compare ? await readBefore(options.compare) : undefined;
  for (const file of [options.json, options.html]) if (file) checkWritable(file);
  const budget = 60_000 * (options.budget ?? (options.full ? 60 : 10));
  const found: Record<string, CaseResult> = {};
  const host = {
    progress,
    done(name: string, result: CaseResult) {
      found[name] = result;
      done(name, result);
    },
  };
  const run = { cases, peers, budget };
  const { facts, failures } = options.node
    ? await runInNode({ adapter: options.adapter, host, ...run })
    : await runInChrome(options, host, run);
  const results: Results = {
    version: 1,
    plumage: PLUMAGE_VERSION,
    date: new Date().toISOString(),
    ...facts,
    precision: 'f32',
    cases: found,
    ratios: ratiosOf(found),
    cpuEngines,
  };
  print(results, options);
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (options.json) replaceFile(options.json, bytes(`${JSON.stringify(results, null, 2)}\n`));
  if (options.html) {
    const { reportHtml } = await import('./report/report.ts');
    replaceFile(options.html, bytes(await reportHtml(results, before)));
  }
  if (before) console.log(`\n${formatComparison(compareResults(before, results)).join('\n')}`);
  for (const failure of failures) console.error(`bench: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

async function runInChrome(
  options: Options,
  { progress, done }: Pick<Host, 'progress' | 'done'>,
  run: RunOptions,
): Promise<{ facts: Pick<Results, 'browser' | 'adapter' | 'ceilings'>; failures: string[] }> {
  progress('opening the browser');
  const host = await ChromeHost.open(options);
  try {
    progress('weights');
    await host.fetch(run.cases);
    progress("the adapter's ceilings");
    const api = await host.page(false);
    const facts = { browser: await host.version(), adapter: await api.adapter(), ceilings: await api.ceilings() };
    const page = (cold: boolean) => host.page(cold);
    const failures = await runCases({ page, spec: (each) => host.spec(each), progress, done }, run);
    return { facts, failures };
  } finally {
    await host.close();
  }
}

function list(cases: readonly Case[], engines: readonly string[]): void {
  for (const { name } of cases) console.log(name);
  const more = engines.includes('plumage-tuned') ? '; wasm for context, plumage-tuned on request' : '';
  console.log(`engines: ${engines.join(', ')}${more}`);
}

/** Each case as it ends, so that a long run shows something; kernels stand together at the end. */
function done(name: string, result: CaseResult): void {
  progress('');
  if (result.suite !== 'kernels') console.log(`\n${caseText(name, result)}`);
}

function print(results: Results, { layers: withLayers }: Options): void {
  const { cases, ceilings } = results;
  const of = (kernels: boolean) => Object.entries(cases).filter(([, { suite }]) => (suite === 'kernels') === kernels);
  if (of(true).length > 0) console.log(`\n${kernelsText(Object.fromEntries(of(true)), ceilings)}`);
  console.log(`\n${headText(results)}`);
  for (const [name, result] of of(false)) {
    const { layers } = result;
    if (!layers) continue;
    const beside = ceilingsFor(result, results);
    console.log(`${name}: ${layersSummary(layers, beside)}`);
    if (withLayers) console.log(`\n${layersText(layers, beside)}\n`);
  }
  if (withLayers) console.log(`\n${sweepText(ceilings)}`);
  console.log(
    "ratio: the peer's median time / ours of the same rounds; difference: the largest from ours in any output",
  );
}

async function readBefore(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error) => {
    throw new PlumageError('input', `--compare: ${(error as Error).message.split('\n')[0]}`);
  });
  return readResults(text, file);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  else if (text) process.stderr.write(`${text}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 10_000)) throw new InvalidArgumentError('expected a number above 0, up to 10000');
  return value;
}
