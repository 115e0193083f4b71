// The top of the report: where it was measured, the headline ratios, and where a CPU engine does better.

import { details, type Html, html, nothing, table } from '../../src/report/html.ts';
import { ceilingsFor } from '../assemble.ts';
import type { CaseResult, Ceilings, Results } from '../results.ts';
import { shareOfPeak } from './charts/layerSums.ts';
import { day, digits, OURS, onCpu, percent, time, times } from './format.ts';

export function header(results: Results): Html {
  const { adapter, browser, precision, plumage, date, ceilings } = results;
  const facts: [string, string][] = [
    ['Adapter', `${adapter.name}${adapter.software ? ' (software: no GPU)' : ''}`],
    ['Browser', browser.replace('/', ' ')],
    ['Precision', precision],
    ['Plumage', plumage],
    ['Measured', day(date)],
    ['FMA peak of the adapter', ceilings.fmaGflops > 0 ? peaks(ceilings) : 'not measured'],
    ['Copy bandwidth', ceilings.copyGigabytes > 0 ? `${digits(ceilings.copyGigabytes)} GB/s` : 'not measured'],
  ];
  return html`<header>
<p class="eyebrow">Plumage benchmark</p>
<h1>${headline(results)}</h1>
<p class="lead">Each engine runs the same network with the same weights in one ${browser.replace(/^Headless/, '').replace('/', ' ')}, in turn, and every run ends when
the result is read back. Outputs are checked against ours before anything is timed.</p>
${adapter.software ? softwareWarning(results) : nothing}
${tiles(results)}
<dl class="facts">${facts.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${sweepTable(ceilings)}
</header>`;
}

function softwareWarning({ adapter }: Results): Html {
  return html`<p class="warning" role="note"><strong>Software adapter: no GPU.</strong> ${adapter.name} runs the shaders on the CPU.
Ratios between WebGPU engines and percent of peak say more than milliseconds here.</p>`;
}

interface Race {
  readonly name: string;
  readonly result: CaseResult;
  readonly peer: string;
  readonly ratio: number;
}

/** Our race against the faster of the WebGPU peers, case by case. */
function races(results: Results, suites: readonly CaseResult['suite'][]): Race[] {
  return Object.entries(results.cases).flatMap(([name, result]) => {
    if (!suites.includes(result.suite) || !result.engines[OURS]) return [];
    const peers = Object.entries(results.ratios[name] ?? {}).filter(
      ([peer, ratio]) => !onCpu(peer) && peer !== 'plumage-tuned' && ratio > 0,
    );
    const [fastest] = peers.sort((a, b) => a[1] - b[1]);
    return fastest ? [{ name, result, peer: fastest[0], ratio: fastest[1] }] : [];
  });
}

/** The weakest steady race, so that the headline promises no more than the tiles below it. */
export function headline(results: Results): string {
  const steady = races(results, ['resnet50', 'finegrained']).sort((a, b) => a.ratio - b.ratio);
  const [worst] = steady;
  const best = steady.at(-1);
  if (!worst || !best) return 'What Plumage reaches here';
  const from = rounded(worst.ratio);
  const to = rounded(best.ratio);
  if (worst.ratio < 1) return `${from} to ${to} times the speed of the fastest WebGPU peer of this run`;
  return from === to
    ? `${from} times as fast as the fastest WebGPU peer of this run`
    : `${from} to ${to} times as fast as the fastest WebGPU peer of this run`;
}

/** 0.83, 1.4, 11: as exact as a headline needs to be, and rounded down. */
function rounded(ratio: number): string {
  const places = ratio >= 10 ? 0 : ratio >= 1 ? 1 : 2;
  return (Math.floor(ratio * 10 ** places) / 10 ** places).toFixed(places);
}

const peaks = ({ fmaGflops, unchainedGflops: unchained }: Ceilings): string =>
  `${digits(fmaGflops)} GFLOP/s${unchained ? `, ${digits(unchained)} unchained` : ''}`;

function tiles(results: Results): Html {
  const steady = races(results, ['resnet50', 'finegrained']).map((race) => tile(race, 'as fast as', false));
  const cold = races(results, ['cold']).map((race) => tile(race, 'sooner than', true));
  const peak = Object.entries(results.cases).flatMap(([name, result]) => {
    const { layers, suite } = result;
    if (!layers || suite !== 'resnet50') return [];
    const { fmaGflops, unchainedGflops: unchained } = ceilingsFor(result, results);
    const { share, of } = shareOfPeak(layers, fmaGflops);
    if (!(share > 0)) return [];
    const other = unchained ? `; ${percent(shareOfPeak(layers, unchained).share)} of the unchained peak` : '';
    return [
      html`<li><b>${percent(share)}</b><span>of the adapter's FMA peak</span><small>${name}, ${of}${other}</small></li>`,
    ];
  });
  const all = [...steady, ...cold, ...peak.slice(0, 1)];
  return all.length > 0 ? html`<ul class="tiles">${all}</ul>` : nothing;
}

/** A cold start is over at the end of the first run, so there it is the first that counts. */
function tile({ name, result, peer, ratio }: Race, words: string, cold: boolean): Html {
  const [ours, theirs] = [result.engines[OURS], result.engines[peer]];
  const pair = ours && theirs ? `, ${time(ours.median)} against ${time(theirs.median)}` : '';
  const verb = cold ? `first result ${words}` : words;
  return html`<li class="${ratio < 1 ? 'behind' : 'ahead'}"><b>${times(ratio)}</b><span>${verb} <em>${peer}</em></span><small>${name}${pair}</small></li>`;
}

/** Where an engine on the CPU is faster than ours, in plain words; one line a case. */
export function cpuNotes(cases: readonly (readonly [string, CaseResult])[], software: boolean): string[] {
  return cases.flatMap(([name, { engines }]) => {
    const ours = engines[OURS];
    if (!ours) return [];
    return Object.entries(engines)
      .filter(([engine, { median }]) => onCpu(engine) && median < ours.median)
      .sort((a, b) => a[1].median - b[1].median)
      .map(([engine, { median }]) => {
        const why = software
          ? 'without a GPU a user is better off with it'
          : 'on this machine a user is better off with it';
        return `${name}: ${engine} takes ${time(median)} on the CPU, ${times(ours.median / median)} as fast as Plumage; ${why}.`;
      });
  });
}

function sweepTable({ sweep, fmaGflops, unchainedGflops }: Ceilings): Html {
  if (sweep.length === 0) return nothing;
  const across = [...new Set(sweep.map(({ accumulators }) => accumulators))].sort((a, b) => a - b);
  const down = [...new Set(sweep.map(({ workgroup }) => workgroup))].sort((a, b) => a - b);
  const at = (workgroup: number, accumulators: number) =>
    sweep.find((entry) => entry.workgroup === workgroup && entry.accumulators === accumulators)?.gflops;
  const grid = table(
    {
      columns: [{ title: 'invocations a workgroup' }, ...across.map((count) => ({ title: `${count} vec4` }))],
      rows: down.map((workgroup) => ({
        cells: [String(workgroup), ...across.map((count) => ratio(at(workgroup, count)))],
      })),
    },
    'The sweep behind the FMA peak',
  );
  const unchained = unchainedGflops
    ? html` Eight multiply-adds of a register in a row, so that the loop costs nothing; with one of each register a turn of the loop the best is ${digits(unchainedGflops)}.`
    : nothing;
  return details(
    `How the peak was found: the best of ${sweep.length} register-only kernels, ${digits(fmaGflops)} GFLOP/s`,
    html`<p>GFLOP/s by workgroup size and number of independent vec4 accumulators.${unchained}</p>${grid}`,
  );
}

const ratio = (gflops: number | undefined) => (gflops === undefined ? '' : digits(gflops));
