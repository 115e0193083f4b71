// Who runs next, and what is left out, so that a run ends in about the time that it was given. Pure.

import { median } from '../src/gpu/profile.ts';
import { OURS, type Suite } from './cases.ts';

export const MOST_ROUNDS = 9;

/** What a case may take, in parts of the whole. */
const weights: Record<Suite, number> = { resnet50: 6, cold: 4, kernels: 0.15, finegrained: 5, memory: 1, training: 5 };

/** Milliseconds for the first of the cases that are left, of the time that is left. */
export function shareOf(suites: readonly Suite[], left: number): number {
  const all = suites.reduce((sum, suite) => sum + weights[suite], 0);
  return (Math.max(left, 0) * weights[suites[0]!]) / all;
}

/**
 * Who takes part in the next round of A B C A B C: all for the first `least` rounds, then those for whom there is time,
 * the fastest first; nobody once that would be ours alone. A peer that has sat out a round stays out, so that the i-th
 * runs of any two lie side by side.
 */
export function nextRound(runs: Readonly<Record<string, readonly number[]>>, left: number, least = 2): string[] {
  const names = Object.keys(runs);
  const round = Math.max(...names.map((name) => runs[name]!.length));
  if (round >= MOST_ROUNDS) return [];
  if (round < least) return names;
  const fresh = names.filter((name) => name !== OURS && runs[name]!.length === round);
  const cost = (name: string) => median(runs[name]!);
  const chosen = new Set<string>();
  let spent = runs[OURS]?.length ? cost(OURS) : 0;
  for (const name of fresh.sort((a, b) => cost(a) - cost(b))) {
    spent += cost(name);
    if (spent > left) break;
    chosen.add(name);
  }
  return chosen.size > 0 ? names.filter((name) => name === OURS || chosen.has(name)) : [];
}

/** What an engine needs for its first run and two more, told by its speed in earlier cases; unknown without them. */
export function estimate(millisecondsPerFlop: number | undefined, flops: number): number | undefined {
  // A first run, which compiles, has taken 1.7 times a later one.
  return millisecondsPerFlop === undefined ? undefined : 3.7 * millisecondsPerFlop * flops;
}

/** Why a peer is left out of a case, where its estimate does not fit into what is left of the whole. */
export function leftOut(needs: number | undefined, left: number): string | undefined {
  if (needs === undefined || needs <= Math.max(left, 0)) return undefined;
  const seconds = (ms: number) => `${Math.max(ms / 1000, 0).toFixed(0)} s`;
  return `left out: needs about ${seconds(needs)}, ${seconds(left)} of the budget left - give a larger --budget`;
}
