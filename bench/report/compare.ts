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
  /** Beyond the spread of the runs, or `same`. */
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

/** A change counts when neither median lies within the other's range; a single run has no range to judge by. */
function markOf(before: EngineTimes, after: EngineTimes): CaseComparison['mark'] {
  if (before.runs.length < 2 || after.runs.length < 2) return 'same';
  const within = (value: number, { min, max }: EngineTimes) => value >= min && value <= max;
  if (within(after.median, before) || within(before.median, after)) return 'same';
  return after.median < before.median ? 'faster' : 'slower';
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
    lines.push('!: beyond the spread of the runs; the rest may be noise');
  }
  if (onlyBefore.length > 0) lines.push(`only before: ${onlyBefore.join(', ')}`);
  if (onlyAfter.length > 0) lines.push(`only now: ${onlyAfter.join(', ')}`);
  return lines;
}

export function ratioText(ratio: number | undefined): string {
  return ratio === undefined ? '-' : times(ratio);
}
