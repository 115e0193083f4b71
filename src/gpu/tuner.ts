// The tuner: times the forms of each node of a graph that has several, alone, on random values, and names the fastest
// that agrees with the plainest kernels. It runs only when asked, and keeps nothing: that is src/engine/choices.ts.

import { PlumageError } from '../errors.ts';
import { elementCount, input, inputOp, type Node, parameter, reachable } from '../graph/node.ts';
import { plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { Tensor } from '../graph/tensor.ts';
import { type Clock, clockOf, enoughRepeats, timeOf } from './clock.ts';
import { Weights } from './constants.ts';
import type { Choices, Device } from './device.ts';
import { median } from './profile.ts';
import { open, type Session } from './session.ts';

/** What gets the plainest kernels, which a driver is least likely to get wrong: no workgroup memory, barriers or subgroups. */
const PLAIN = { family: 'software', subgroups: false } as const;

/**
 * Largest difference from their result, relative to its largest magnitude. Forms that only add the same
 * terms in another order: 5000 f32 terms stay below 3e-6. Winograd's forms add other terms, larger than the result (1.7e-6
 * with tiles of 4x4 and 512 channels): the project's bar for logits, 2e-4 where they reach 10.
 */
const DIFFERENCE = { reordered: 1e-5, winograd: 2e-5 };

/** The first choice stays unless another form is faster by more than noise. */
const GAIN = 1.03;
/** A form this much slower than the fastest is timed no further. */
const HOPELESS = 1.5;
const ROUNDS = 5;

export interface TuneOptions {
  /** No timing begins after this time; what was not reached keeps its first choice. */
  readonly budgetMilliseconds: number;
  /** What is chosen already is not timed again. */
  readonly known?: Choices;
  readonly onProgress?: (progress: TuneProgress) => void;
  readonly signal?: AbortSignal;
}

export interface TuneProgress {
  readonly done: number;
  readonly of: number;
  /** What is timed next. */
  readonly key: string;
}

/** One form of the nodes with this key; of a key the op's first choice comes first. */
export interface Measurement {
  readonly key: string;
  readonly form: string;
  /** Nodes with this key. */
  readonly uses: number;
  /** Median of one node. */
  readonly milliseconds?: number;
  /** From the result of the plainest kernels, relative to its largest magnitude. */
  readonly difference?: number;
  /** Why the form may not be chosen. */
  readonly rejected?: string;
}

export interface TuneResult {
  /** `known` and what was found: a form by key, also where it is the first choice. For `Target.choices`. */
  readonly choices: Choices;
  readonly measured: readonly Measurement[];
  /** Keys that the budget left out. */
  readonly notReached: number;
}

interface Candidate {
  readonly key: string;
  readonly names: readonly string[];
  /** The node between inputs and parameters of its own. */
  readonly node: Node;
  uses: number;
}

/**
 * Times the forms of every node that the outputs need, those with most arithmetic first. A form that does not compile,
 * fails or differs is recorded, never chosen, and stops nothing. Rejects with code `aborted` by the signal, and `lost`.
 */
export async function tune(
  device: Device,
  outputs: Readonly<Record<string, Node>>,
  { budgetMilliseconds, known = {}, onProgress, signal }: TuneOptions,
): Promise<TuneResult> {
  const deadline = performance.now() + budgetMilliseconds;
  const late = () => {
    if (signal?.aborted) throw new PlumageError('aborted', 'tune: was stopped - nothing of it is kept');
    return performance.now() >= deadline;
  };
  const candidates = candidatesOf(Object.values(outputs), device.target, known);
  const choices = { ...known };
  const measured: Measurement[] = [];
  let done = 0;
  while (done < candidates.length && !late()) {
    const candidate = candidates[done]!;
    onProgress?.({ done, of: candidates.length, key: candidate.key });
    const forms = await compare(device, candidate, late);
    if (!forms) break;
    const { key, uses, names } = candidate;
    for (const { name: form, difference, rejected, times } of forms) {
      measured.push({ key, form, uses, difference, rejected, milliseconds: times.length ? median(times) : undefined });
    }
    const sound = forms.filter(({ rejected }) => rejected === undefined);
    if (sound.some(({ times }) => times.length > 0)) choices[key] = fastest(sound, names[0]!);
    done++;
  }
  return { choices, measured, notReached: candidates.length - done };
}

/** One candidate a key, most arithmetic first. Constants are computed once and not worth it; u32 inputs are indices. */
function candidatesOf(outputs: readonly Node[], target: Target, known: Choices): Candidate[] {
  const fed = new Set<Node>();
  const found = new Map<string, Candidate>();
  for (const node of reachable(outputs)) {
    if (node.op === inputOp || node.inputs.some((from) => fed.has(from))) fed.add(node);
    const { key = '', names = [] } = node.op.forms?.(node, target) ?? {};
    if (names.length < 2 || names.includes(known[key] ?? '') || !fed.has(node)) continue;
    if (node.inputs.some(({ dtype }) => dtype !== 'f32')) continue;
    const same = found.get(key);
    if (same) same.uses++;
    else found.set(key, { key, names, node: alone(node, fed), uses: 1 });
  }
  const flops = ({ node, uses }: Candidate) => uses * plan({ y: node }, { ...target, choices: {} }).flops;
  const sized = [...found.values()].map((candidate) => ({ candidate, size: flops(candidate) }));
  return sized.sort((a, b) => b.size - a.size).map(({ candidate }) => candidate);
}

function alone(node: Node, fed: ReadonlySet<Node>): Node {
  const sources = new Map<Node, Node>();
  for (const [i, from] of node.inputs.entries()) {
    sources.set(from, fed.has(from) ? input(`x${i}`, from.shape) : parameter(`x${i}`, from.shape));
  }
  return { ...node, name: 'y', inputs: node.inputs.map((from) => sources.get(from)!) };
}

interface Form {
  readonly name: string;
  readonly session?: Session;
  readonly difference?: number;
  readonly rejected?: string;
  readonly times: number[];
}

/** The forms with their times; nothing where the budget ended first. */
async function compare(
  device: Device,
  { key, names, node }: Candidate,
  late: () => boolean,
): Promise<Form[] | undefined> {
  // Pipelines of its own, so that those of forms that lose do not stay.
  const sandbox = Object.create(device, { pipelines: { value: new Map() } }) as Device;
  const values = new Map(node.inputs.map((from, i) => [from.name, randomTensor(from, i + 1)]));
  const weights = new Weights(sandbox, { tensors: values, metadata: {} }, 'tune');
  const inputs = Object.fromEntries(node.inputs.filter(({ op }) => op === inputOp).map((from) => [from.name, from]));
  const feeds = Object.fromEntries(Object.keys(inputs).map((name) => [name, values.get(name)!.data]));
  const clock = clockOf(device);
  // In f32, whose results can be held against each other: the choices serve both precisions.
  // Inputs that are outputs too keep their memory to themselves: the steps can run again and again.
  const openForm = (target: Target, choices: Choices) =>
    open(sandbox, plan({ y: node, ...inputs }, { ...target, precision: 'f32', choices }), weights);
  const forms: Form[] = [];
  let reference: Float32Array | undefined;
  try {
    for (const name of names) {
      if (late()) return undefined;
      let session: Session | undefined;
      try {
        reference ??= await referenceOf(node, device.target, openForm, feeds);
        session = await openForm(device.target, { [key]: name });
        const { data } = (await session.run(feeds)).y!;
        const difference = relativeDifference(data, reference);
        const bound = isWinograd(name) ? DIFFERENCE.winograd : DIFFERENCE.reordered;
        if (!(difference <= bound)) throw new Error(`differs by ${difference.toExponential(1)}, bound ${bound}`);
        forms.push({ name, session, difference, times: [] });
      } catch (error) {
        session?.close();
        if (error instanceof PlumageError && error.code === 'lost') throw error;
        forms.push({ name, rejected: (error as Error).message.split('\n')[0], times: [] });
      }
    }
    if (!(await race(forms, names[0]!, clock, late))) return undefined;
  } finally {
    for (const { session } of forms) session?.close();
    weights.destroy();
    clock.destroy();
  }
  return forms;
}

/** The node's result by the plainest kernels. Without it no form is trusted. */
async function referenceOf(
  node: Node,
  target: Target,
  openForm: (target: Target, choices: Choices) => Promise<Session>,
  feeds: Readonly<Record<string, Float32Array>>,
): Promise<Float32Array> {
  const plain = { ...target, ...PLAIN };
  const { key, names } = node.op.forms!(node, plain);
  const session = await openForm(plain, { [key]: names.find((name) => !isWinograd(name)) ?? names[0]! });
  try {
    const { data } = (await session.run(feeds)).y!;
    if (!data.every(Number.isFinite)) throw new Error('the plainest kernels give numbers that are not finite');
    if (data.every((value) => value === 0)) throw new Error('the plainest kernels give only zeros');
    return data;
  } finally {
    session.close();
  }
}

/** Times all forms in turn; true when each had at least two turns. */
async function race(forms: readonly Form[], first: string, clock: Clock, late: () => boolean): Promise<boolean> {
  let running: (Form & { session: Session; repeats: number })[] = [];
  for (const form of forms) {
    const { session } = form;
    if (!session) continue;
    const repeats = await enoughRepeats((count) => timeOf(session, count, clock), late);
    if (repeats === undefined) return false;
    running.push({ ...form, session, repeats });
  }
  for (let round = 0; round < ROUNDS; round++) {
    const taken: number[] = [];
    for (const { session, repeats } of running) {
      if (late()) return round > 1; // one time may be bad luck
      taken.push((await timeOf(session, repeats, clock)) / repeats);
    }
    // What a clock says took no time was not measured.
    for (const [i, { times }] of running.entries()) if (taken[i]! > 0) times.push(taken[i]!);
    if (round === 0) continue;
    const bests = running.map(({ times }) => Math.min(...times));
    running = running.filter(({ name }, i) => name === first || bests[i]! <= HOPELESS * Math.min(...bests));
  }
  return true;
}

type Timed = Pick<Form, 'name' | 'times'>;

/** The first choice, unless another form is faster by more than noise, at its best and on the whole. */
export function fastest(sound: readonly Timed[], first: string): string {
  const best = ({ times }: Timed) => Math.min(...times);
  const winner = sound.reduce((a, b) => (best(b) < best(a) ? b : a));
  const kept = sound.find(({ name }) => name === first);
  if (!kept) return winner.name;
  const faster = [best, ({ times }: Timed) => median(times)].every((by) => by(kept) > GAIN * by(winner));
  return (faster ? winner : kept).name;
}

const isWinograd = (name: string): boolean => name.startsWith('winograd');

/** Uniform in [-1, 1), the same every time. */
function randomTensor({ shape }: Node, seed: number): Tensor {
  let state = seed;
  const data = Float32Array.from({ length: elementCount(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  return { shape, data };
}

/** NaN where any number is none. */
function relativeDifference(data: Float32Array, reference: Float32Array): number {
  let [most, largest] = [0, 0];
  for (const [i, value] of reference.entries()) {
    const difference = Math.abs(data[i]! - value);
    if (!(difference <= most)) most = difference;
    largest = Math.max(largest, Math.abs(value));
    if (Number.isNaN(most)) break;
  }
  return most / largest;
}
