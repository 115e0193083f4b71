// `npm run bench`: times Plumage against its peers in one headless Chrome, in turn, each run ending at a read-back.

import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { PlumageError } from '../src/errors.ts';
import { median } from '../src/gpu/profile.ts';
import { alignColumns } from '../src/graph/print.ts';
import { launchBrowser } from '../src/node/browser.ts';
import { cacheFolder } from '../src/node/cache.ts';
import { fetchImagenet } from '../src/node/fetchWeights.ts';
import { serveFolder } from '../src/node/serve.ts';
import type { BenchApi } from './page.ts';

interface Options {
  case: string;
  json?: string;
  budget: number;
  browser?: string;
  headed?: boolean;
}

interface CaseResult {
  readonly milliseconds: Record<string, { first: number; median: number; min: number; max: number; runs: number[] }>;
  readonly difference: Record<string, number>;
  readonly magnitude: number;
}

const program = new Command('bench')
  .description('Times Plumage against its peers in one browser. Peers take 20 s and more a run on a software adapter.')
  .option('--case <name>', 'resnet50/<size>/<batch>', 'resnet50/224/1')
  .option('--json <file>', 'write the results as JSON')
  .option('--budget <minutes>', 'time for the timed runs', positive, 10)
  .option('--browser <path>', 'the Chrome or Chromium to use')
  .option('--headed', "the user's own window and GPU")
  .addHelpText('after', '\nExample: npm run bench -- --case resnet50/224/1 --json results.json');

try {
  await main(program.parse().opts<Options>());
} catch (error) {
  const known = error instanceof PlumageError && !process.env.PLUMAGE_DEBUG;
  console.error(known ? `bench: ${error.message}` : error);
  process.exitCode = 1;
}

async function main(options: Options): Promise<void> {
  const [, size, batch] = /^resnet50\/(\d+)\/(\d+)$/.exec(options.case) ?? [];
  if (!size || !batch) throw new PlumageError('input', `--case: got ${options.case}, expected resnet50/<size>/<batch>`);
  progress('weights');
  const weights = await fetchImagenet({ cacheDir: cacheFolder() });
  const server = await serveFolder({
    '/': path.dirname(fileURLToPath(import.meta.url)),
    '/weights.safetensors': weights,
  });
  const browser = await launchBrowser({
    path: options.browser,
    headed: options.headed,
    adapter: options.headed ? 'gpu' : undefined,
  });
  try {
    const page = await browser.newPage();
    const call = <Name extends keyof BenchApi>(name: Name, ...args: Parameters<BenchApi[Name]>) =>
      page.evaluate(
        (method, values) => (globalThis.plumageBench[method as Name] as (...v: unknown[]) => unknown)(...values),
        name as string,
        args as unknown[],
      ) as ReturnType<BenchApi[Name]>;
    page.setDefaultTimeout(0);
    await page.goto(`${server.url}/bench.html`);
    progress('opening the engines');
    const { adapter, peers } = await call('prepare', '/weights.safetensors', Number(size), Number(batch));
    const result = await timeInTurn(call, peers, options.budget * 60_000);
    progress('');
    const others = peers.filter((name) => name !== 'plumage');
    const ours = result.milliseconds.plumage!;
    const ratios = Object.fromEntries(others.map((name) => [name, result.milliseconds[name]!.median / ours.median]));
    const report = {
      date: new Date().toISOString(),
      browser: await browser.version(),
      adapter: { ...adapter },
      precision: 'f32',
      ratios: { [options.case]: ratios },
      cases: { [options.case]: result },
    };
    print(report, options.case, peers);
    if (options.json) await writeJson(options.json, report);
  } finally {
    await browser.close();
    await server.close();
  }
}

type Call = <Name extends keyof BenchApi>(
  name: Name,
  ...args: Parameters<BenchApi[Name]>
) => ReturnType<BenchApi[Name]>;

/** First runs, outputs checked against ours, then A B A B ... until the budget is spent; at least 2 rounds, at most 9. */
async function timeInTurn(call: Call, peers: readonly string[], budget: number): Promise<CaseResult> {
  const first: Record<string, number> = {};
  const difference: Record<string, number> = {};
  let magnitude = 0;
  for (const name of peers) {
    progress(`${name}: first run`);
    first[name] = await call('time', name);
    if (name === 'plumage') continue;
    const found = await call('difference', name);
    difference[name] = found.difference;
    magnitude = found.magnitude;
    if (!(found.difference <= 1e-3 * Math.max(found.magnitude, 1))) {
      const what = `largest difference of the logits, got ${found.difference}`;
      throw new PlumageError('internal', `${name}: ${what}, expected at most 1e-3 x ${found.magnitude}`);
    }
  }
  const runs: Record<string, number[]> = Object.fromEntries(peers.map((name) => [name, []]));
  const start = Date.now();
  for (let round = 0; round < 9; round++) {
    const spent = Date.now() - start;
    if (round >= 2 && spent + spent / round > budget) break;
    for (const name of peers) {
      const left = Math.max(0, (budget - (Date.now() - start)) / 1000).toFixed(0);
      progress(`round ${round + 1}: ${name}, ${left} s of the budget left`);
      runs[name]!.push(await call('time', name));
    }
  }
  const milliseconds = Object.fromEntries(
    peers.map((name) => {
      const all = runs[name]!;
      return [
        name,
        { first: first[name]!, median: median(all), min: Math.min(...all), max: Math.max(...all), runs: all },
      ];
    }),
  );
  return { milliseconds, difference, magnitude };
}

interface Report {
  readonly browser: string;
  readonly adapter: { readonly name: string; readonly software: boolean };
  readonly ratios: Record<string, Record<string, number>>;
  readonly cases: Record<string, CaseResult>;
}

function print({ browser, adapter, ratios, cases }: Report, name: string, peers: readonly string[]): void {
  const { milliseconds, difference, magnitude } = cases[name]!;
  console.log(`${name}, f32, ${browser}, ${adapter.name}${adapter.software ? ' (software: no GPU)' : ''}`);
  const rows = peers.map((peer) => {
    const t = milliseconds[peer]!;
    const pairs = t.runs.map((ms, i) => ms / milliseconds.plumage!.runs[i]!);
    const own = peer === 'plumage';
    return [
      peer,
      t.first.toFixed(0),
      t.median.toFixed(0),
      `${t.min.toFixed(0)}-${t.max.toFixed(0)}`,
      String(t.runs.length),
      own ? '' : `${ratios[name]![peer]!.toFixed(2)}x`,
      own ? '' : pairs.map((ratio) => ratio.toFixed(2)).join(' '),
      own ? '' : difference[peer]!.toExponential(1),
    ];
  });
  const header = ['engine', 'first ms', 'median ms', 'range', 'runs', 'ratio', 'pair by pair', 'difference'];
  for (const line of alignColumns([header, ...rows], [1, 2, 3, 4, 5])) console.log(line);
  console.log(
    `ratio: the peer's median time / ours; difference: largest among logits that reach ${magnitude.toFixed(1)}`,
  );
}

async function writeJson(file: string, report: Report): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  await writeFile(partial, `${JSON.stringify(report, null, 2)}\n`);
  await rename(partial, file);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${text}`);
  else if (text) process.stderr.write(`${text}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('expected a number above 0');
  return value;
}
