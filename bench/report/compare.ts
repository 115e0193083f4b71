// What changed between two benchmark runs: pure data, and the same as lines for a terminal.

import { alignColumns } from '../../src/graph/print.ts';
import type { EngineTimes, Results } from '../results.ts';
import { change, inOrder, OURS, time, times } from './format.ts';

export interface CaseComparison {
  readonly name: string;
  readonly before: EngineTimes;
  readonly after: EngineTimes;
  /** Change of our median in percent; negative is faster. */
  readonly percent: number;
  /** Beyond the spread of the runs, of enough of them, or `same`. */
  readonly mark: 'faster' | 'slower' | 'same';
  /** The peer's median time over ours, where it was measured. */
  readonly peers: Readonly<Record<string, { readonly before?: number; readonly after?: number }>>;
}

export interface Comparison {
  /** Where the two runs cannot be compared like with like. */
  readonly warnings: readonly string[];
  readonly cases: readonly CaseComparison[];
  /** Cases that one run has and the other has not. */
  readonly onlyBefore: readonly string[];
  readonly onlyAfter: readonly string[];
}

export function compareResults(before: Results, after: Results): Comparison {
  const timed = (results: Results, name: string) => results.cases[name]?.engines[OURS];
  const names = (results: Results) => Object.keys(results.cases).filter((name) => timed(results, name));
  const cases = names(after)
    .filter((name) => timed(before, name))
    .map((name): CaseComparison => {
      const old = timed(before, name)!;
      const now = timed(after, name)!;
      const percent = old.median > 0 ? 100 * (now.median / old.median - 1) : 0;
      return { name, before: old, after: now, percent, mark: markOf(old, now), peers: peersOf(before, after, name) };
    });
  return {
    warnings: warningsOf(before, after),
    cases,
    onlyBefore: names(before).filter((name) => !timed(after, name)),
    onlyAfter: names(after).filter((name) => !timed(before, name)),
  };
}

/** Fewer runs have no spread to judge by: of three and three, one in ten equal ones are apart by chance; of four, 3 %. */
const ENOUGH = 4;

/** A change counts when every run of one side is faster than every run of the other. */
function markOf(before: EngineTimes, after: EngineTimes): CaseComparison['mark'] {
  if (before.runs.length < ENOUGH || after.runs.length < ENOUGH) return 'same';
  if (after.max < before.min) return 'faster';
  return after.min > before.max ? 'slower' : 'same';
}

function peersOf(before: Results, after: Results, name: string): CaseComparison['peers'] {
  const old = before.ratios[name] ?? {};
  const now = after.ratios[name] ?? {};
  const peers = inOrder([...new Set([...Object.keys(old), ...Object.keys(now)])]);
  return Object.fromEntries(peers.map((peer) => [peer, { before: old[peer], after: now[peer] }]));
}

function warningsOf(before: Results, after: Results): string[] {
  const facts: [what: string, before: string, after: string][] = [
    ['adapter', adapterText(before), adapterText(after)],
    ['browser', before.browser, after.browser],
    ['precision', before.precision, after.precision],
  ];
  const [old, now] = [before.ceilings.fmaGflops, after.ceilings.fmaGflops];
  // The same adapter on a busier machine.
  if (Math.max(old, now) > 1.2 * Math.min(old, now)) {
    facts.push(["adapter's FMA peak", `${old.toFixed(1)} GFLOP/s`, `${now.toFixed(1)}`]);
  }
  return facts
    .filter(([, old, now]) => old !== now)
    .map(([what, old, now]) => `the ${what} differs: ${old} before, ${now} now - compare ratios to peers, not times`);
}

function adapterText({ adapter }: Results): string {
  return `${adapter.name}${adapter.software ? ' (software)' : ''}`;
}

/** Lines for a terminal: warnings, a row a case, ratios by peer, what only one run has. */
export function formatComparison({ warnings, cases, onlyBefore, onlyAfter }: Comparison): string[] {
  const lines = warnings.map((warning) => `warning: ${warning}`);
  if (cases.length === 0) lines.push('the two runs have no case in common');
  else {
    const header = ['case', 'before', 'now', 'change', '', 'ratios before -> now'];
    const rows = cases.map((item) => [
      item.name,
      time(item.before.median),
      time(item.after.median),
      change(item.percent),
      item.mark === 'same' ? '' : `${item.mark}!`,
      Object.entries(item.peers)
        .map(([peer, ratio]) => `${peer} ${ratioText(ratio.before)} -> ${ratioText(ratio.after)}`)
        .join(', '),
    ]);
    lines.push(...alignColumns([header, ...rows], [1, 2, 3]));
    lines.push(`!: beyond the spread of ${ENOUGH} runs or more; the rest may be noise`);
  }
  if (onlyBefore.length > 0) lines.push(`only before: ${onlyBefore.join(', ')}`);
  if (onlyAfter.length > 0) lines.push(`only now: ${onlyAfter.join(', ')}`);
  return lines;
}

export function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '-' : times(ratio);
}
