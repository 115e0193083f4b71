// What a benchmark run found, as plain data: written by bench/main.ts, read by the report and by `--compare`.

import type { AdapterDescription } from '../src/gpu/device.ts';

/** One engine on one case; milliseconds, each run ending at a read-back. */
export interface EngineTimes {
  readonly first: number;
  readonly runs: readonly number[];
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One dispatch of ours. */
export interface LayerResult {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /** Useful operations, counted as direct convolution, and the bytes that must at least move. */
  readonly flops: number;
  readonly bytes: number;
  /** The op of the node that it belongs to: `conv2d`, ... */
  readonly op?: string;
  /** Of a training step: the part of it. */
  readonly pass?: 'forward' | 'backward' | 'update';
}

/** A stretch of time from the blank page on, for the cold start: milliseconds. */
export interface TimelinePart {
  readonly engine: string;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** One value in the memory plan: alive from dispatch `first` to `last`, in slot `slot`. */
export interface PlannedValue {
  readonly label: string;
  readonly slot: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface MemoryResult {
  /** Bytes of activations at each dispatch, of all slots, the least possible, and of weights. */
  readonly alive: readonly number[];
  readonly activationBytes: number;
  readonly lowerBoundBytes: number;
  readonly constantBytes: number;
  /** Of training: weights, velocities, running statistics, the batch. */
  readonly stateBytes?: number;
  /** GPU bytes that each engine holds after a run, where it tells. */
  readonly engines: Readonly<Record<string, number>>;
  /** The most that each engine held at once until then. */
  readonly peaks?: Readonly<Record<string, number>>;
  readonly values?: readonly PlannedValue[];
}

export interface CaseResult {
  readonly suite: 'kernels' | 'resnet50' | 'finegrained' | 'cold' | 'training' | 'memory';
  readonly batch: number;
  readonly engines: Readonly<Record<string, EngineTimes>>;
  /** Peer's time / ours, run by run. */
  readonly pairs: Readonly<Record<string, readonly number[]>>;
  /** Largest absolute difference of each peer's output from ours, and the largest magnitude of ours. */
  readonly difference: Readonly<Record<string, number>>;
  readonly magnitude: number;
  /** Peers that did not take part, with the reason in one line. */
  readonly absent: Readonly<Record<string, string>>;
  readonly layers?: readonly LayerResult[];
  /** Of the adapter, measured right after the layers. */
  readonly ceilings?: Ceilings;
  readonly timeline?: readonly TimelinePart[];
  readonly memory?: MemoryResult;
  /** Of the cold start: milliseconds of the longest task on the page's main thread, 0 where none took 50. */
  readonly longestTasks?: Readonly<Record<string, number>>;
  /** Time of ours in JavaScript, medians of the runs: from the first encoder until submit returned, and what comes before. */
  readonly encodeMilliseconds?: number;
  readonly uploadMilliseconds?: number;
  /** Of suite `kernels`: how often the networks have this shape. */
  readonly count?: number;
}

/** What the adapter itself can do at most. */
export interface Ceilings {
  /** The best of `sweep`, GFLOP/s. */
  readonly fmaGflops: number;
  /** The best of the same sweep with one multiply-add a register and turn of the loop, which counts the loop too. */
  readonly unchainedGflops?: number;
  readonly sweep: readonly { readonly workgroup: number; readonly accumulators: number; readonly gflops: number }[];
  /** Bytes read plus bytes written a second, in GB/s, by a plain copy kernel. */
  readonly copyGigabytes: number;
}

export interface Results {
  readonly version: 1;
  readonly plumage: string;
  readonly date: string;
  readonly browser: string;
  readonly adapter: AdapterDescription;
  readonly precision: 'f32' | 'f16';
  readonly ceilings: Ceilings;
  readonly cases: Readonly<Record<string, CaseResult>>;
  /** `ratios[case][peer]` = the peer's median time / ours. */
  readonly ratios: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Engines that compute on the CPU: for context, outside every bar. */
  readonly cpuEngines?: readonly string[];
}
