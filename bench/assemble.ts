// From raw times to results: medians, spreads, pairs and ratios. Pure.

import { median } from '../src/gpu/profile.ts';
import { OURS } from './cases.ts';
import type { CaseResult, Ceilings, EngineTimes, MemoryResult, Results } from './results.ts';

export function engineTimes(first: number, runs: readonly number[]): EngineTimes {
  return { first, runs, median: median(runs), min: Math.min(...runs), max: Math.max(...runs) };
}

/** `pairs[peer][i]` = the peer's i-th run / our i-th run, for as many as both have. */
export function pairsOf(engines: CaseResult['engines']): Record<string, number[]> {
  const ours = engines[OURS];
  const peers = Object.entries(engines).filter(([name]) => ours && name !== OURS);
  return Object.fromEntries(
    peers.map(([name, { runs }]) => [name, runs.slice(0, ours!.runs.length).map((ms, i) => ms / ours!.runs[i]!)]),
  );
}

/** The peer's median / ours, both over the rounds that the peer took part in: slow ones sit out the later ones. */
export const ratioOf = (ours: EngineTimes, peer: EngineTimes): number =>
  peer.median / median(ours.runs.slice(0, peer.runs.length));

/** `ratios[case][peer]`, see ratioOf; cases without a peer's time are left out. */
export function ratiosOf(cases: Readonly<Record<string, CaseResult>>): Record<string, Record<string, number>> {
  const entries = Object.entries(cases).map(([name, { engines }]) => {
    const peers = Object.entries(engines).filter(([engine]) => engines[OURS] && engine !== OURS);
    return [name, Object.fromEntries(peers.map(([peer, times]) => [peer, ratioOf(engines[OURS]!, times)]))] as const;
  });
  return Object.fromEntries(entries.filter(([, peers]) => Object.keys(peers).length > 0));
}

/** A plan's memory beside the GPU bytes that each engine holds; those without a figure are left out. */
export function memoryOf(
  planned: Omit<MemoryResult, 'engines'>,
  bytes: Readonly<Record<string, { now: number; peak: number }>>,
): MemoryResult {
  const counted = Object.entries(bytes).filter(([, { peak }]) => peak > 0);
  const each = (what: 'now' | 'peak') => Object.fromEntries(counted.map(([name, held]) => [name, held[what]]));
  return { ...planned, engines: each('now'), peaks: each('peak') };
}

/** What a case's layers are held against: ceilings measured beside them, or those of the run's beginning. */
export const ceilingsFor = ({ ceilings }: Pick<CaseResult, 'ceilings'>, results: Pick<Results, 'ceilings'>): Ceilings =>
  ceilings ?? results.ceilings;

/** The largest absolute difference, and the largest magnitude of ours; a NaN counts as infinitely far. */
export function differenceOf(ours: Float32Array, theirs: ArrayLike<number>): { difference: number; magnitude: number } {
  if (ours.length !== theirs.length) throw new Error(`gave ${theirs.length} values, expected ${ours.length}`);
  let difference = 0;
  let magnitude = 0;
  ours.forEach((value, i) => {
    const apart = Math.abs(value - theirs[i]!);
    if (!(apart <= difference)) difference = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return { difference, magnitude };
}

/** Outputs leave a page or a process as JSON, which makes null of what is not finite. */
export function checkFinite(name: string, output: Float32Array): void {
  if (!output.every(Number.isFinite)) throw new Error(`${name} gives numbers that are not finite`);
}

/** Whether a peer computes what we compute: 1e-3 of the largest magnitude lets pass other orders of summation only. */
export const agrees = ({ difference, magnitude }: { difference: number; magnitude: number }): boolean =>
  Number.isFinite(difference) && difference <= 1e-3 * Math.max(magnitude, 1e-3);
