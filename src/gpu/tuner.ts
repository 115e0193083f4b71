// The tuner: times the forms of each node of a graph that has several, alone, on random values, and names the fastest
// that agrees with the plain one. It runs only when asked, and keeps nothing: that is src/engine/choices.ts.

import { PlumageError } from '../errors.ts';
import { elementCount, input, inputOp, type Node, parameter, reachable } from '../graph/node.ts';
import { plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { Tensor } from '../graph/tensor.ts';
import { Weights } from './constants.ts';
import type { Choices, Device } from './device.ts';
import { makeTimer, median, type Timer } from './profile.ts';
import { encodeStep, mapped, open, type Session } from './session.ts';

/**
 * Largest difference from the plain form, relative to the largest magnitude of its result. Forms that only add the same
 * terms in another order: 5000 f32 terms stay below 3e-6. Winograd's forms add other terms, larger than the result (1.7e-6
 * with tiles of 4x4 and 512 channels): the project's bar for logits, 2e-4 where they reach 10.
 */
const DIFFERENCE = { reordered: 1e-5, winograd: 2e-5 };

/** The first choice stays unless another form is faster by more than noise. */
const GAIN = 1.03;
/** A form this much slower than the fastest is timed no further. */
const HOPELESS = 1.5;
const ROUNDS = 5;
/** Milliseconds of one timing that make the steps of a clock not matter, and the most repeats to get there. */
const ENOUGH = 10;
const MOST_REPEATS = 256;

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
  /** From the plain form, relative to its largest magnitude. */
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
    const sound = forms.filter(({ times }) => times.length > 0);
    if (sound.length > 0) choices[key] = fastest(sound, names[0]!);
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

/** The forms in the op's order with their times; nothing where the budget ended first. */
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
  const timer = device.gpu.features.has('timestamp-query') ? makeTimer(device, 1) : makeClock(device);
  const forms: Form[] = [];
  let plain: Float32Array | undefined;
  try {
    for (const name of plainFirst(names)) {
      if (late()) return undefined;
      let session: Session | undefined;
      try {
        // In f32, whose results can be held against each other: the choices serve both precisions.
        // Inputs that are outputs too keep their memory to themselves: the steps can run again and again.
        const made = plan({ y: node, ...inputs }, { ...device.target, precision: 'f32', choices: { [key]: name } });
        session = await open(sandbox, made, weights);
        const { data } = (await session.run(feeds)).y!;
        plain ??= checkPlain(data);
        const difference = relativeDifference(data, plain);
        const bound = isWinograd(name) ? DIFFERENCE.winograd : DIFFERENCE.reordered;
        if (!(difference <= bound)) throw new Error(`differs by ${difference.toExponential(1)}, bound ${bound}`);
        forms.push({ name, session, difference, times: [] });
      } catch (error) {
        session?.close();
        if (error instanceof PlumageError && error.code === 'lost') throw error;
        forms.push({ name, rejected: (error as Error).message.split('\n')[0], times: [] });
      }
    }
    if (!(await race(forms, names[0]!, timer, late))) return undefined;
  } finally {
    for (const { session } of forms) session?.close();
    weights.destroy();
    timer.destroy();
  }
  return forms.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

/** Times all forms in turn; true when each has at least one time. */
async function race(forms: readonly Form[], first: string, timer: Clock, late: () => boolean): Promise<boolean> {
  let running = forms.filter(({ session }) => session).map((form) => ({ ...form, repeats: 1 }));
  for (const form of running) {
    if (late()) return false;
    const once = await timeOf(form.session!, 1, timer);
    form.repeats = Math.min(MOST_REPEATS, Math.ceil(ENOUGH / Math.max(once, ENOUGH / MOST_REPEATS)));
  }
  for (let round = 0; round < ROUNDS; round++) {
    const taken: number[] = [];
    for (const { session, repeats } of running) {
      if (late()) return round > 0;
      taken.push(await timeOf(session!, repeats, timer));
    }
    for (const [i, { times }] of running.entries()) times.push(taken[i]!);
    if (round === 0) continue; // one time may be bad luck
    const bests = running.map(({ times }) => Math.min(...times));
    running = running.filter(({ name }, i) => name === first || bests[i]! <= HOPELESS * Math.min(...bests));
  }
  return true;
}

/** Milliseconds of the session's steps, once. */
async function timeOf({ device, steps }: Session, repeats: number, timer: Clock): Promise<number> {
  const encoder = device.gpu.createCommandEncoder({ label: 'tune' });
  const pass = encoder.beginComputePass({ label: 'tune', timestampWrites: timer.writes(0) });
  for (let i = 0; i < repeats; i++) for (const step of steps) encodeStep(pass, step);
  pass.end();
  return (await timer.submit(encoder))[0]! / repeats;
}

type Clock = Omit<Timer, 'writes'> & { writes(index: number): GPUComputePassTimestampWrites | undefined };

/** Without timestamps: the wall clock from submission until 4 bytes have come back. */
function makeClock(device: Device): Clock {
  const { gpu } = device;
  const make = (usage: number) => gpu.createBuffer({ label: 'tune clock', size: 4, usage });
  const [from, to] = [make(GPUBufferUsage.COPY_SRC), make(GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ)];
  return {
    writes: () => undefined,
    async submit(encoder) {
      encoder.copyBufferToBuffer(from, 0, to, 0, 4);
      const start = performance.now();
      gpu.queue.submit([encoder.finish()]);
      await mapped(device, 'tune', [to]);
      to.unmap();
      return [performance.now() - start];
    },
    destroy() {
      from.destroy();
      to.destroy();
    },
  };
}

/** The first choice, unless another form is faster by more than noise, at its best and on the whole. */
function fastest(sound: readonly Form[], first: string): string {
  const best = ({ times }: Form) => Math.min(...times);
  const winner = sound.reduce((a, b) => (best(b) < best(a) ? b : a));
  const kept = sound.find(({ name }) => name === first);
  if (!kept) return winner.name;
  const faster = [best, ({ times }: Form) => median(times)].every((by) => by(kept) > GAIN * by(winner));
  return (faster ? winner : kept).name;
}

const isWinograd = (name: string): boolean => name.startsWith('winograd');
const plainFirst = (names: readonly string[]) => [...names].sort((a, b) => +isWinograd(a) - +isWinograd(b));

/** Uniform in [-1, 1), the same every time. */
function randomTensor({ shape }: Node, seed: number): Tensor {
  let state = seed;
  const data = Float32Array.from({ length: elementCount(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  return { shape, data };
}

function checkPlain(data: Float32Array): Float32Array {
  if (!data.every(Number.isFinite)) throw new Error('gives numbers that are not finite');
  if (data.every((value) => value === 0)) throw new Error('gives only zeros');
  return data;
}

/** NaN where any number is none. */
function relativeDifference(data: Float32Array, plain: Float32Array): number {
  let [most, largest] = [0, 0];
  for (const [i, value] of plain.entries()) {
    const difference = Math.abs(data[i]! - value);
    if (!(difference <= most)) most = difference;
    largest = Math.max(largest, Math.abs(value));
    if (Number.isNaN(most)) break;
  }
  return most / largest;
}
