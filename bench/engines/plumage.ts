// Our own engine: a network as the library's users run it, a node alone through a session, times by layer, and ceilings.

import { modelGraph } from '../../src/engine/checkModel.ts';
import { tune } from '../../src/engine/tune.ts';
import { measureCopy, measurePeak } from '../../src/gpu/ceilings.ts';
import { Weights } from '../../src/gpu/constants.ts';
import { median, profile } from '../../src/gpu/profile.ts';
import { open as openSession } from '../../src/gpu/session.ts';
import type { Node } from '../../src/graph/node.ts';
import { reachable } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import type { Tensor, TensorFile } from '../../src/graph/tensor.ts';
import { type AdapterDescription, type Engine, open as openEngine } from '../../src/index.ts';
import { parseConfig } from '../../src/model/config.ts';
import type { KernelCase } from '../kernels.ts';
import { plannedMemory } from '../memory.ts';
import type { Mark, Peer, Spec } from '../peers.ts';
import type { Ceilings, LayerResult, MemoryResult } from '../results.ts';

/** One engine a page: its device is shared by the runs, the profiles and the ceilings. */
let engine: Promise<Engine> | undefined;
let encoding = 0;
let submitted = 0;
let compiled = 0;

/** In Node, `adapter` is the one to use. */
export function theEngine(adapter?: GPUAdapter): Promise<Engine> {
  // Without choices that plumage-tuned, or a visit before, has left in the browser.
  engine ??= openEngine({ adapter, choices: {} }).then((opened) => {
    const { gpu } = opened.device;
    const { queue } = gpu;
    const compile = gpu.createComputePipelineAsync.bind(gpu);
    gpu.createComputePipelineAsync = async (descriptor) => {
      const pipeline = await compile(descriptor);
      compiled = performance.now();
      return pipeline;
    };
    const encoder = gpu.createCommandEncoder.bind(gpu);
    gpu.createCommandEncoder = (descriptor) => {
      encoding ||= performance.now();
      return encoder(descriptor);
    };
    const submit = queue.submit.bind(queue);
    queue.submit = (buffers) => {
      submit(buffers);
      submitted = performance.now();
    };
    return opened;
  });
  return engine;
}

export async function openNetwork({ output, weights }: Spec, bytes: Uint8Array, mark: Mark): Promise<Peer> {
  const opened = await theEngine();
  mark('device');
  const model = await opened.load(bytes, { where: weights });
  mark('weights');
  const timed = timer(async ([x]) => (await model.run(x!, [output]))[output]!.data);
  const stages = () =>
    [
      ['pipelines', compiled],
      ['submit', submitted],
    ] as const;
  return { ...timed, stages, dispose: () => model.dispose() };
}

/** The same on a device of its own after tuning for this network: its ratio says what the first choices lose. */
export async function openTuned(spec: Spec, bytes: Uint8Array, mark: Mark): Promise<Peer> {
  const tuned = await openEngine({ choices: {} });
  const model = await tuned.load(bytes, { where: spec.weights });
  const [batch, size] = spec.shape;
  await tune(tuned, model, { size, batch });
  mark('tuning');
  return {
    run: async ([x]) => (await model.run(x!, [spec.output]))[spec.output]!.data,
    dispose: async () => {
      await model.dispose();
      tuned.dispose();
    },
  };
}

export async function openKernel({ node, inputs }: KernelCase, file: TensorFile): Promise<Peer> {
  const { session, close } = await sessionOf({ y: node }, file);
  const timed = timer(async (tensors) => {
    const feeds = Object.fromEntries(inputs.map(({ name }, i) => [name, tensors[i]!.data]));
    return (await session.run(feeds)).y!.data;
  });
  return { ...timed, dispose: async () => close() };
}

export function timer(work: Peer['run']): Pick<Peer, 'run' | 'script'> {
  let times = { upload: 0, encode: 0 };
  return {
    async run(inputs) {
      const start = performance.now();
      encoding = 0;
      const result = await work(inputs);
      times = { upload: encoding - start, encode: submitted - encoding };
      return result;
    },
    script: () => times,
  };
}

/** Time by dispatch, medians of `repeats` runs, with the op that each belongs to. */
export async function layersOf(
  outputs: Readonly<Record<string, Node>>,
  file: TensorFile,
  inputs: readonly Tensor[],
  repeats: number,
): Promise<LayerResult[]> {
  const { session, close } = await sessionOf(outputs, file);
  const ops = new Map(reachable(Object.values(outputs)).map((node) => [node.name, node.op.name]));
  try {
    const feeds = Object.fromEntries(session.plan.inputs.map(({ name }, i) => [name, inputs[i]!.data]));
    const times = await profile(session, feeds, repeats);
    return times.map(({ name, kernel, milliseconds }, i) => {
      const { flops, bytes } = session.plan.dispatches[i]!;
      return { name, kernel, milliseconds, flops, bytes, op: ops.get(name) ?? ops.get(name.replace(/\/\d+$/, '')) };
    });
  } finally {
    close();
  }
}

/** A session with weights of its own; `close` frees both. */
async function sessionOf(outputs: Readonly<Record<string, Node>>, file: TensorFile) {
  const { device } = await theEngine();
  const weights = new Weights(device, file, 'bench');
  const session = await openSession(device, plan(outputs, device.target), weights);
  const close = () => {
    session.close();
    weights.destroy();
  };
  return { session, close };
}

/** The graph that a network's runs compute. */
export function networkGraph({ shape, output, weights }: Spec, file: TensorFile): Record<string, Node> {
  return modelGraph(parseConfig(file.metadata, weights), shape, [output]);
}

/** What the plan says: useful operations and memory. */
export async function plannedOf(
  outputs: Readonly<Record<string, Node>>,
): Promise<{ flops: number; memory: Omit<MemoryResult, 'engines'> }> {
  const { device } = await theEngine();
  const planned = plan(outputs, device.target);
  return { flops: planned.flops, memory: plannedMemory(planned) };
}

export async function adapterOf(): Promise<AdapterDescription> {
  return { ...(await theEngine()).adapter };
}

export async function ceilingsOf(): Promise<Ceilings> {
  const { device } = await theEngine();
  if (!device.gpu.features.has('timestamp-query')) return { fmaGflops: 0, sweep: [], copyGigabytes: 0 };
  const { gflops, sweep } = await measurePeak(device);
  const unchained = await measurePeak(device, 1);
  const copies = [];
  for (let i = 0; i < 3; i++) copies.push(await measureCopy(device));
  return { fmaGflops: gflops, sweep, unchainedGflops: unchained.gflops, copyGigabytes: median(copies) };
}
