// `plumage doctor`: what this machine can compute on, and what is kept on it. It opens adapters but starts no browser.

import { Command } from 'commander';
import { type AdapterCandidate, openAdapter } from '../node/adapter.ts';
import { type FoundBrowser, findBrowser } from '../node/browser.ts';
import { cacheFolder } from '../node/cache.ts';
import { type Entry, folderEntries } from './folder.ts';
import { jsonOption } from './options.ts';
import { startProgress } from './progress.ts';
import { bytesText, firstLine, paint, print, table } from './text.ts';
import { type Versions, versions } from './versions.ts';

interface Diagnosis {
  readonly versions: Versions;
  readonly adapters: Found<{ candidates: AdapterCandidate[]; features: string[]; limits: Record<string, number> }>;
  readonly browser: Found<FoundBrowser>;
  readonly cache: { readonly folder: string; readonly entries: Entry[]; readonly bytes: number };
}

type Found<T> = T | { readonly error: string };

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** Those that matter for speed; --json lists all. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'];

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what this machine can compute on, why, and what is cached')
    .addOption(jsonOption())
    .addHelpText('after', '\nExamples:\n  $ plumage doctor\n  $ plumage doctor --json')
    .action(doctor);
}

async function doctor({ json }: { json?: boolean }): Promise<void> {
  const progress = startProgress(json);
  const adapters = await found(() => progress.during('asking for adapters', examineAdapters));
  const browser = await found(() => progress.during('looking for a browser', () => findBrowser()));
  const folder = cacheFolder();
  const entries = await folderEntries(folder);
  const cache = { folder, entries, bytes: entries.reduce((sum, entry) => sum + entry.bytes, 0) };
  const diagnosis: Diagnosis = { versions: versions(), adapters, browser, cache };
  print(json ? JSON.stringify(diagnosis) : diagnosisText(diagnosis));
  if ('error' in adapters && 'error' in browser) process.exitCode = 1;
}

async function found<T>(look: () => Promise<T>): Promise<Found<T>> {
  return look().catch((error) => ({ error: firstLine(error) }));
}

async function examineAdapters() {
  const { adapter, report } = await openAdapter();
  const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  return { candidates: report.candidates, features: [...adapter.features].sort(), limits };
}

/** Sections with a heading; a cross where something is missing. */
export function diagnosisText({ versions: v, adapters, browser, cache }: Diagnosis): string {
  const about = `plumage ${v.plumage}, Node ${v.node}, ${v.platform}, Dawn by webgpu ${v.webgpu}`;
  return [
    about,
    section('Adapters for --runtime node', 'error' in adapters ? cross(adapters.error) : adaptersText(adapters)),
    section('Browser for --runtime chrome', 'error' in browser ? cross(browser.error) : browserText(browser)),
    section(`Cache  ${cache.folder}`, cacheText(cache)),
  ].join('\n\n');
}

function adaptersText({ candidates, features, limits }: Exclude<Diagnosis['adapters'], { error: string }>): string {
  const rows = candidates.map(({ chosen, name, type, backend, description, why }) => [
    chosen ? '✓' : '·',
    name,
    type === 'gpu' ? 'GPU' : 'software',
    backend,
    description,
    `${chosen ? 'chosen' : 'passed over'}: ${why}`,
  ]);
  const limitRows = Object.entries(limits).map(([name, value]) => [name, limitText(name, value)]);
  const featureText = FEATURES.map((name) => (features.includes(name) ? name : `no ${name}`)).join(', ');
  const parts = [table(rows), `  features  ${featureText}`, `  limits\n${table(limitRows, [1], 4)}`];
  const software = candidates.find((candidate) => candidate.chosen)?.type === 'software';
  if (software)
    parts.push(`  ${paint('yellow', 'No GPU is used: expect seconds a photo where a GPU takes milliseconds.')}`);
  return parts.join('\n');
}

/** Limits are powers of two, so binary units keep them round. */
function limitText(name: string, value: number): string {
  if (!/Size$/.test(name)) return `${value}`;
  return value < 2 ** 20 ? `${value / 2 ** 10} KiB` : `${Math.floor(value / 2 ** 20)} MiB`;
}

function browserText({ executablePath, version, source, refused }: FoundBrowser): string {
  const from = { option: 'as asked', system: 'installed on this system', package: 'from npm, @sparticuz/chromium' }[
    source
  ];
  return [
    `  ✓  ${executablePath}  ${version ?? ''}  (${from})`,
    ...refused.map((line) => `  ·  passed over: ${line}`),
  ].join('\n');
}

export function cacheText({ entries, bytes }: Omit<Diagnosis['cache'], 'folder'>): string {
  if (entries.length === 0) return '  empty';
  const rows = entries.map((entry) => [entry.name, bytesText(entry.bytes), entry.note]);
  return `${table(rows, [1])}\n  ${bytesText(bytes)} in all`;
}

const section = (title: string, body: string): string => `${paint('bold', title)}\n${body}`;
const cross = (error: string): string => `  ${paint('red', '✗')}  ${error}`;
