// The run: cases in order, every engine checked against ours and then timed in turn, within the budget. It works through
// a Host, so that Node drives a browser with it and a page opened by hand drives itself.

import { median } from '../src/gpu/profile.ts';
import { agrees, differenceOf, engineTimes, memoryOf, pairsOf } from './assemble.ts';
import { estimate, leftOut, nextRound, shareOf } from './budget.ts';
import { type Case, infers, OURS } from './cases.ts';
import { kernelPeers, trainingPeers } from './engines.ts';
import type { Host, RunOptions } from './host.ts';
import type { BenchApi } from './page.ts';
import type { ScriptTimes, Spec } from './peers.ts';
import type { CaseResult, MemoryResult, TimelinePart } from './results.ts';
import { Hung, lineOf, within } from './within.ts';

/** Runs of ours by dispatch that a profile takes the median of. */
const PROFILE_RUNS = 5;
/** Runs of ours alone whose time in JavaScript is looked at, so many because a few take ten times as long, and the fewest. */
const ALONE = { most: 25, least: 3 };
/** A run that takes longer than this and than its case's share of the budget counts as hung. */
const PATIENCE = 180_000;
/** How far apart a peer's and our outputs of a second training step may be, of the largest: the updates between are theirs. */
const STEP = 1e-2;

/** Runs the cases; one that fails as a whole is reported by `progress` and left out. Returns the failures in words. */
export async function runCases(host: Host, { cases, peers, budget }: RunOptions): Promise<string[]> {
  const run = new Run(host, peers, Date.now() + budget, budget / 10);
  const failures: string[] = [];
  for (const [i, each] of cases.entries()) {
    const share = shareOf(
      cases.slice(i).map(({ suite }) => suite),
      run.left,
    );
    run.title = `[${i + 1}/${cases.length}] ${each.name}`;
    try {
      host.done(each.name, await run.one(each, share));
    } catch (error) {
      failures.push(`${each.name}: ${lineOf(error)}`);
    }
  }
  host.progress('');
  return failures;
}

interface Opened {
  readonly first: Record<string, number>;
  readonly difference: Record<string, number>;
  readonly absent: Record<string, string>;
  readonly bytes: Record<string, { now: number; peak: number }>;
  magnitude: number;
  readonly scripts: ScriptTimes[];
}

class Run {
  title = '';
  /** Milliseconds per flop by engine, of the last network that it ran. */
  readonly #speed = new Map<string, number>();
  /** Milliseconds of first runs, by engine and network. */
  readonly #firsts = new Map<string, number>();
  /** Of networks that ran. */
  readonly #memories = new Map<string, MemoryResult>();
  #page: { api: BenchApi; kernels: boolean } | undefined;
  /** An engine goes on computing after it was given up: the next page is in a browser of its own. */
  #hung = false;
  #patience = PATIENCE;

  constructor(
    readonly host: Host,
    readonly peers: readonly string[],
    readonly end: number,
    /** How far beyond the end peers may still run, in milliseconds. */
    readonly grace: number,
  ) {}

  get left(): number {
    return this.end - Date.now();
  }

  async one(each: Case, share: number): Promise<CaseResult> {
    this.#patience = Math.max(PATIENCE, share);
    const memory = this.#memories.get(keyOf(each));
    if (each.suite === 'memory' && memory) return { ...nothing, suite: 'memory', batch: each.batch, memory };
    return each.suite === 'cold' ? this.#cold(each, share) : this.#warm(each, share);
  }

  async #warm(each: Case, share: number): Promise<CaseResult> {
    const start = Date.now();
    this.#say('weights');
    const spec = await this.host.spec(each);
    const { api, flops, opened } = await this.#openAll(each, spec, share);
    const { first, difference, absent, bytes, magnitude, scripts } = opened;
    const runs: Record<string, number[]> = Object.fromEntries(Object.keys(first).map((name) => [name, []]));
    if (each.suite !== 'memory') {
      for (;;) {
        const names = nextRound(runs, share - (Date.now() - start));
        if (names.length === 0) break;
        for (const name of names) {
          this.#say(`round ${runs[name]!.length + 1}, ${name}`);
          try {
            const { milliseconds, script } = await this.#within(api.time(name));
            if (script && each.suite === 'training') scripts.push(script);
            if (each.suite === 'training' && name !== OURS && runs[name]!.length === 0) {
              const { difference, magnitude } = await api.difference(name);
              if (difference > STEP * magnitude) throw disagreement(difference);
            }
            runs[name]!.push(milliseconds);
          } catch (error) {
            // A peer that fails after its first run is left out; one that hangs has taken the page with it.
            if (error instanceof Hung) this.#page = undefined;
            if (name === OURS || error instanceof Hung) throw error;
            absent[name] = lineOf(error);
            for (const table of [runs, difference, bytes]) delete table[name];
          }
        }
      }
    }
    const timed = Object.entries(runs).filter(([, all]) => all.length > 0);
    const engines = Object.fromEntries(timed.map(([name, all]) => [name, engineTimes(first[name]!, all)]));
    if (!each.kernel) for (const [name, { median }] of Object.entries(engines)) this.#speed.set(name, median / flops);
    for (const [name, milliseconds] of Object.entries(first)) this.#firsts.set(keyOf(each, name), milliseconds);
    this.#say('layers');
    // Without it the times of the rounds still stand.
    const note = (error: unknown) => {
      absent[`${OURS} by layer`] = lineOf(error);
      return undefined;
    };
    const layers = each.suite === 'memory' ? undefined : await api.layers(spec, PROFILE_RUNS).catch(note);
    // A case takes minutes, in which a machine's speed changes: what its layers are held against is measured beside them.
    if (layers) this.#say('ceilings');
    const ceilings = layers && infers(each) ? await api.ceilings().catch(note) : undefined;
    const memory = each.kernel ? undefined : memoryOf((await api.planned(spec)).memory, bytes);
    if (memory) this.#memories.set(keyOf(each), memory);
    for (const name of Object.keys(first)) await api.close(name);
    return {
      suite: each.suite,
      batch: each.batch,
      count: each.count,
      engines,
      pairs: pairsOf(engines),
      difference,
      magnitude,
      absent,
      layers,
      ceilings,
      memory,
      encodeMilliseconds: scripts.length > 0 ? median(scripts.map(({ encode }) => encode)) : undefined,
      uploadMilliseconds: scripts.length > 0 ? median(scripts.map(({ upload }) => upload)) : undefined,
    };
  }

  #peersOf({ kernel, suite }: Case): string[] {
    const fit = kernel ? kernelPeers(kernel) : suite === 'training' ? trainingPeers : this.peers;
    return this.peers.filter((peer) => peer !== OURS && fit.includes(peer));
  }

  /** Opens the engines and takes each one's first run; again without it where one hangs and takes the page with it. */
  async #openAll(each: Case, spec: Spec, share: number): Promise<{ api: BenchApi; flops: number; opened: Opened }> {
    const absent: Record<string, string> = {};
    for (;;) {
      const opened: Opened = { first: {}, difference: {}, absent, bytes: {}, magnitude: 0, scripts: [] };
      const api = await this.#pageFor(each);
      let name = OURS;
      try {
        this.#say(OURS);
        await this.#first(api, OURS, spec, opened);
        // Before others share the page; but a training step changes what its peers are compared with.
        if (infers(each) || each.kernel) await this.#alone(api, share, opened.scripts);
        const { flops } = await api.planned(spec);
        for (name of this.#peersOf(each).filter((peer) => absent[peer] === undefined)) {
          const reason = leftOut(estimate(this.#speed.get(name), flops), this.left + this.grace);
          if (reason) absent[name] = reason;
          else await this.#admit(api, name, spec, opened);
        }
        return { api, flops, opened };
      } catch (error) {
        this.#page = undefined;
        if (!(error instanceof Hung) || name === OURS) throw error;
        absent[name] = error.message;
      }
    }
  }

  /** Some runs of ours, of which only the time in JavaScript is looked at. */
  async #alone(api: BenchApi, share: number, scripts: ScriptTimes[]): Promise<void> {
    const end = Date.now() + share / 10;
    while (scripts.length < ALONE.least || (scripts.length < ALONE.most && Date.now() < end))
      scripts.push((await this.#within(api.time(OURS))).script!);
  }

  /** A peer's first run and its check against ours; one that fails is noted as absent. */
  async #admit(api: BenchApi, name: string, spec: Spec, opened: Opened): Promise<void> {
    this.#say(`${name}, first run`);
    try {
      await this.#first(api, name, spec, opened);
      const found = await api.difference(name);
      opened.magnitude = found.magnitude;
      if (!agrees(found)) throw disagreement(found.difference);
      opened.difference[name] = found.difference;
    } catch (error) {
      if (error instanceof Hung) throw error;
      opened.absent[name] = lineOf(error);
      delete opened.first[name];
      delete opened.bytes[name];
      await api.close(name).catch(() => {});
    }
  }

  async #first(api: BenchApi, name: string, spec: Spec, opened: Opened): Promise<void> {
    const first = async () => {
      await api.open(name, spec);
      return api.time(name);
    };
    opened.first[name] = (await this.#within(first())).milliseconds;
    opened.bytes[name] = await api.gpuBytes(name);
  }

  /** Kernels share a page; every other case has one of its own. */
  async #pageFor({ suite }: Case): Promise<BenchApi> {
    const kernels = suite === 'kernels';
    if (!(kernels && this.#page?.kernels)) {
      this.#page = { api: await this.host.page(this.#hung), kernels };
      this.#hung = false;
    }
    return this.#page.api;
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    try {
      return await within(this.#patience, work);
    } catch (error) {
      if (error instanceof Hung) this.#hung = true;
      throw error;
    }
  }

  async #cold(each: Case, share: number): Promise<CaseResult> {
    const start = Date.now();
    const spec = await this.host.spec(each);
    const absent: Record<string, string> = {};
    const runs: Record<string, number[]> = {};
    const difference: Record<string, number> = {};
    const timeline: Record<string, TimelinePart[]> = {};
    const longestTasks: Record<string, number> = {};
    let ours: Float32Array | undefined;
    for (const name of this.peers) {
      const reason = name === OURS ? undefined : leftOut(this.#firsts.get(keyOf(each, name)), this.left + this.grace);
      if (reason) absent[name] = reason;
      else runs[name] = [];
    }
    for (;;) {
      const names = nextRound(runs, share - (Date.now() - start), 1);
      if (names.length === 0) break;
      for (const name of names) {
        this.#say(`round ${runs[name]!.length + 1}, ${name}`);
        try {
          const api = await this.host.page(true);
          const { parts, output, longestTask } = await this.#within(api.cold(name, spec));
          ours ??= Float32Array.from(output);
          const found = differenceOf(ours, output);
          if (!agrees(found)) throw disagreement(found.difference);
          if (name !== OURS) difference[name] = found.difference;
          runs[name]!.push(parts.at(-1)!.end);
          if (longestTask !== undefined) longestTasks[name] = Math.max(longestTasks[name] ?? 0, longestTask);
          timeline[name] ??= parts.map((part) => ({ engine: name, ...part }));
        } catch (error) {
          if (name === OURS) throw error;
          absent[name] = lineOf(error);
          for (const table of [runs, difference, timeline, longestTasks]) delete table[name];
        }
      }
    }
    this.#page = undefined;
    const engines = Object.fromEntries(Object.entries(runs).map(([name, all]) => [name, engineTimes(all[0]!, all)]));
    const magnitude = ours?.reduce((most, value) => Math.max(most, Math.abs(value)), 0) ?? 0;
    return {
      suite: 'cold',
      batch: each.batch,
      engines,
      pairs: pairsOf(engines),
      difference,
      magnitude,
      absent,
      timeline: Object.values(timeline).flat(),
      longestTasks,
    };
  }

  #say(what: string): void {
    const left = Math.max(0, Math.round(this.left / 1000));
    this.host.progress(`${this.title}: ${what}; ${Math.floor(left / 60)}:${`${left % 60}`.padStart(2, '0')} left`);
  }
}

const disagreement = (difference: number) =>
  new Error(`computes something else: off by ${difference.toExponential(1)}`);

const keyOf = ({ network, size, batch }: Case, engine = '') => `${network} ${size} ${batch} ${engine}`;

const nothing = { engines: {}, pairs: {}, difference: {}, magnitude: 0, absent: {} };
