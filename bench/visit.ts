// The benchmark's page as opened by hand: choose suites and engines, watch, and save the report. It drives the other half,
// page.ts, in frames of its own.

import { ceilingsFor, ratiosOf } from './assemble.ts';
import { type Case, casesOf, OURS, specOf, suites } from './cases.ts';
import { cpuEngines, usualNames } from './engines.ts';
import type { Host } from './host.ts';
import { kernelNames } from './kernels.ts';
import type { BenchApi } from './page.ts';
import { reportHtml } from './report/report.ts';
import type { CaseResult, Results } from './results.ts';
import { runCases } from './run.ts';
import { caseText, headText, kernelsText, layersSummary } from './table.ts';

const TEXT = {
  resnet50: 'ResNet50',
  cold: 'cold start',
  kernels: 'kernels alone',
  finegrained: 'fine-grained networks',
  memory: 'memory',
  training: 'training',
} as const;

/** Fills the empty body. */
export function showControls(): void {
  const checks = (
    legend: string,
    names: readonly (readonly [name: string, text: string])[],
    off: readonly string[],
  ) => {
    const boxes = names.map(([name, text]) => {
      const box = element('input', { type: 'checkbox', name, checked: !off.includes(name) });
      return { box, label: element('label', {}, box, ` ${text}`) };
    });
    const field = element('fieldset', {}, element('legend', {}, legend), ...boxes.map(({ label }) => label));
    return { field, chosen: () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.name) };
  };
  const chosenSuites = checks(
    'What',
    suites.map((suite) => [suite, TEXT[suite]]),
    ['kernels', 'finegrained', 'training'],
  );
  const chosenPeers = checks(
    'Against',
    usualNames
      .filter((name) => name !== OURS)
      .map((name) => [name, cpuEngines.includes(name) ? `${name} (CPU)` : name]),
    [],
  );
  const minutes = element('input', { type: 'number', min: '1', max: '120', value: '5' });
  const start = element('button', {}, 'Run');
  const progress = element('p', { role: 'status' });
  const output = element('pre', {});
  const files = element('p', {});
  document.body.append(
    element('h1', {}, 'Plumage benchmark'),
    element(
      'p',
      {},
      'Runs here, on your own browser and adapter. Every engine computes the same network with the same weights; its output ' +
        'is checked against ours, then all are timed in turn, each run ending when the result is back in JavaScript.',
    ),
    chosenSuites.field,
    chosenPeers.field,
    element('p', {}, element('label', {}, 'Minutes ', minutes), start),
    element(
      'small',
      {},
      'A cold start here shares the caches of this browser; npm run bench starts a new browser each time.',
    ),
    progress,
    output,
    files,
  );

  start.onclick = async () => {
    start.disabled = true;
    output.textContent = '';
    files.replaceChildren();
    try {
      const cases = casesIn(chosenSuites.chosen());
      const peers = [OURS, ...chosenPeers.chosen()];
      const show = (text: string) => {
        progress.textContent = text;
      };
      const results = await run(cases, peers, 60_000 * Number(minutes.value), show, (results, failures) => {
        output.textContent = text(results, failures);
      });
      show('');
      const json = address('application/json', JSON.stringify(results, null, 2));
      files.append(element('a', { href: json, download: 'plumage-bench.json' }, 'save the results as JSON'));
      const report = address('text/html', await reportHtml(results));
      files.append(
        ' · ',
        element('a', { href: report, target: '_blank' }, 'Open the report with pictures'),
        ' · ',
        element('a', { href: report, download: 'plumage-bench.html' }, 'save it'),
      );
    } catch (error) {
      progress.textContent = (error as Error).message;
    }
    start.disabled = false;
  };
}

function casesIn(chosen: readonly string[]): Case[] {
  const kernels = kernelNames();
  return suites.filter((suite) => chosen.includes(suite)).flatMap((suite) => casesOf(suite, false, kernels));
}

async function run(
  cases: readonly Case[],
  peers: readonly string[],
  budget: number,
  progress: Host['progress'],
  show: (results: Results, failures: readonly string[]) => void,
): Promise<Results> {
  progress("the adapter's ceilings");
  const api = await frame();
  const [adapter, ceilings] = [await api.adapter(), await api.ceilings()];
  const found: Record<string, CaseResult> = {};
  const results = (): Results => ({
    version: 1,
    plumage: PLUMAGE_VERSION,
    date: new Date().toISOString(),
    browser: navigator.userAgent.replace(/.*?((Chrome|Firefox|Version|Edg)\/[\d.]+).*/, '$1'),
    adapter,
    ceilings,
    precision: 'f32',
    cases: found,
    ratios: ratiosOf(found),
    cpuEngines,
  });
  const done = (name: string, result: CaseResult) => {
    found[name] = result;
    show(results(), []);
  };
  const failures = await runCases(
    { page: frame, spec: async (each) => specOf(each), progress, done },
    { cases, peers, budget },
  );
  show(results(), failures);
  return results();
}

/** A fresh half of the benchmark in a frame, in place of the last. */
async function frame(): Promise<BenchApi> {
  document.querySelector('iframe')?.remove();
  const inner = element('iframe', { src: '?driven' });
  const loaded = new Promise((done) => {
    inner.onload = done;
  });
  document.body.append(inner);
  await loaded;
  const view = inner.contentWindow as (Window & typeof globalThis) | null;
  if (view?.plumageBench) return view.plumageBench;
  throw new Error('the benchmark did not load: this browser lacks what it needs - use Chrome or Edge');
}

function text(results: Results, failures: readonly string[]): string {
  const entries = Object.entries(results.cases);
  const kernels = entries.filter(([, { suite }]) => suite === 'kernels');
  const others = entries.filter(([, { suite }]) => suite !== 'kernels');
  const blocks = others.map(([name, result]) => {
    const layers = result.layers ? `\n  ${layersSummary(result.layers, ceilingsFor(result, results))}` : '';
    return caseText(name, result) + layers;
  });
  if (kernels.length > 0) blocks.push(kernelsText(Object.fromEntries(kernels), results.ceilings));
  return [headText(results), ...blocks, ...failures].join('\n\n');
}

const address = (type: string, content: string): string => URL.createObjectURL(new Blob([content], { type }));

function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
