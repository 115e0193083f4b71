// The benchmark's half in a page: opens engines for one case at a time, runs them one by one on request, compares their
// outputs with ours, and tells what the device and the plan say.

import { readWeights } from '../src/formats/weights.ts';
import type { Tensor } from '../src/graph/tensor.ts';
import { checkFinite, differenceOf } from './assemble.ts';
import { OURS } from './cases.ts';
import { download, engines, read } from './engines.ts';
import { countBuffers, heldBy } from './gpuBytes.ts';
import type { Mark, Peer, ScriptTimes, Spec } from './peers.ts';
import type { TimelinePart } from './results.ts';
import { wave } from './wave.ts';

countBuffers();

const open = new Map<string, Peer>();
const outputs = new Map<string, Float32Array>();
let inputs: Tensor[] = [];

// Loaded on demand: a cold start begins without them.
const ours = () => import('./engines/plumage.ts');
const training = () => import('./engines/plumageTraining.ts');
const kernels = () => import('./kernels.ts');

const engineNamed = (name: string) => engines.find((engine) => engine.name === name)!;

const api = {
  /** Opens an engine for the case; times nothing. */
  async open(name: string, spec: Spec): Promise<void> {
    inputs = await inputsOf(spec);
    const start = await engineNamed(name).prepare(spec);
    const peer = await heldBy(name).during(() => start(() => {}));
    open.set(name, peer);
  },

  /** One run that ends at the read-back; `script` is the part in JavaScript up to the submit, of ours. */
  async time(name: string): Promise<{ milliseconds: number; script?: ScriptTimes }> {
    const peer = open.get(name)!;
    const start = performance.now();
    outputs.set(name, await peer.run(inputs));
    const milliseconds = performance.now() - start;
    checkFinite(name, outputs.get(name)!);
    return { milliseconds, script: peer.script?.() };
  },

  /** The last output of `name` against the last of ours. */
  async difference(name: string): Promise<{ difference: number; magnitude: number }> {
    return differenceOf(outputs.get(OURS)!, outputs.get(name)!);
  },

  /** Bytes of GPU buffers that the engine holds now, and the most until now. */
  async gpuBytes(name: string): Promise<{ now: number; peak: number }> {
    return heldBy(name).bytes();
  },

  async close(name: string): Promise<void> {
    await open.get(name)?.dispose();
    open.delete(name);
  },

  /** From this page, which has loaded no engine, to the first output: milliseconds, in parts. */
  async cold(name: string, spec: Spec): Promise<ColdStart> {
    inputs = await inputsOf(spec);
    const begin = await engineNamed(name).prepare(spec);
    const parts: Omit<TimelinePart, 'engine'>[] = [];
    const longest = longestTask();
    const start = performance.now();
    const end = (part: string, at: number) =>
      parts.push({ name: part, start: parts.at(-1)?.end ?? 0, end: at - start });
    const mark: Mark = (part) => end(part, performance.now());
    const peer = await begin(mark);
    const output = await peer.run(inputs);
    const done = performance.now();
    for (const [part, at] of peer.stages?.() ?? []) end(part, at);
    end('first run', done);
    checkFinite(name, output);
    return { parts, output: [...output], longestTask: await longest() };
  },

  /** Ours by dispatch. */
  async layers(spec: Spec, repeats: number) {
    if (spec.training) {
      const [{ file, config }, [x]] = [await modelOf(spec), await inputsOf(spec)];
      return (await training()).trainingLayers(file, config, x!, repeats);
    }
    const { outputs, file } = await graphOf(spec);
    return (await ours()).layersOf(outputs, file, await inputsOf(spec), repeats);
  },

  /** Of our plan for the case: useful operations and memory. */
  async planned(spec: Spec) {
    if (spec.training) return (await training()).plannedTraining((await modelOf(spec)).config, spec.shape[0]);
    return (await ours()).plannedOf((await graphOf(spec)).outputs);
  },

  async adapter() {
    return (await ours()).adapterOf();
  },

  async ceilings() {
    return (await ours()).ceilingsOf();
  },
};

export type BenchApi = typeof api;

interface ColdStart {
  readonly parts: Omit<TimelinePart, 'engine'>[];
  readonly output: number[];
  readonly longestTask?: number;
}

/** Watches this thread from now on; what it returns gives the longest task since, of those of 50 ms or more, where told. */
function longestTask(): () => Promise<number | undefined> {
  let longest = 0;
  const note = (entries: readonly PerformanceEntry[]) => {
    for (const { duration } of entries) longest = Math.max(longest, duration);
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: 'longtask' });
  return async () => {
    if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return undefined;
    await new Promise((done) => setTimeout(done, 100)); // entries come after their task
    note(observer.takeRecords());
    observer.disconnect();
    return longest;
  };
}

async function inputsOf({ kernel, shape }: Spec): Promise<Tensor[]> {
  // Photo-like for a network: in the range that the Keras weights expect.
  if (!kernel) return [wave(shape, 100)];
  const { inputs } = (await kernels()).kernelCases().get(kernel)!;
  return inputs.map((node) => wave(node.shape, 1));
}

const modelOf = async (spec: Spec) => read(await download(spec.weights), spec);

async function graphOf(spec: Spec) {
  if (spec.kernel) {
    const { kernelCases, kernelWeights } = await kernels();
    const kernel = kernelCases().get(spec.kernel)!;
    return { outputs: { y: kernel.node }, file: kernelWeights(kernel) };
  }
  const file = await readWeights(await download(spec.weights), spec.weights);
  return { file, outputs: (await ours()).networkGraph(spec, file) };
}

declare global {
  var plumageBench: BenchApi;
}

globalThis.plumageBench = api;

// Opened by hand it drives itself, through frames.
if (location.search !== '?driven') (await import('./visit.ts')).showControls();
