// The engines that a page can run, ours first; those on the CPU are for context.

import { readWeights } from '../src/formats/weights.ts';
import type { Conv2dAttributes } from '../src/graph/ops/conv2d.ts';
import { parseConfig } from '../src/model/config.ts';
import { OURS } from './cases.ts';
import { fold, foldConv } from './fold.ts';
import type { Engine, Spec } from './peers.ts';
import { labelsOf } from './training.ts';

export const engines: readonly Engine[] = [
  {
    name: OURS,
    async prepare(spec) {
      const module = () => import('./engines/plumage.ts');
      if (spec.kernel) {
        const { kernel, file } = await kernelNamed(spec.kernel);
        return async (mark) => (await loaded(module(), mark)).openKernel(kernel, file);
      }
      const bytes = await download(spec.weights);
      if (spec.training) {
        const { file, config } = await read(bytes, spec);
        const training = () => import('./engines/plumageTraining.ts');
        return async (mark) => (await loaded(training(), mark)).openTraining(file, config, spec.shape[0], mark);
      }
      return async (mark) => (await loaded(module(), mark)).openNetwork(spec, bytes, mark);
    },
  },
  tfjs('webgpu'),
  ort('webgpu'),
  {
    name: 'jax-js',
    async prepare(spec) {
      const folded = await foldedWeights(spec);
      return async (mark) => (await loaded(import('./engines/jax.ts'), mark)).open(folded, mark);
    },
  },
  tfjs('wasm'),
  ort('wasm'),
  {
    name: 'plumage-tuned',
    async prepare(spec) {
      const bytes = await download(spec.weights);
      return async (mark) => (await loaded(import('./engines/plumage.ts'), mark)).openTuned(spec, bytes, mark);
    },
  },
];

/** Run only where asked for. */
const onRequest = ['plumage-tuned'];

export const engineNames: readonly string[] = engines.map(({ name }) => name);
export const usualNames: readonly string[] = engineNames.filter((name) => !onRequest.includes(name));
/** With whom a kernel is compared: convolutions with the library whose users call them by themselves. */
export const kernelPeers = (kernel: string): readonly string[] =>
  kernel.startsWith('conv2d/') ? [OURS, 'tfjs-webgpu'] : [OURS];

/** With whom a training step is compared: the one that trains on WebGPU. */
export const trainingPeers: readonly string[] = [OURS, 'tfjs-webgpu'];

export const cpuEngines: readonly string[] = engineNames.filter((name) => name.endsWith('-wasm'));

function tfjs(backend: 'webgpu' | 'wasm'): Engine {
  return {
    name: `tfjs-${backend}`,
    async prepare(spec) {
      if (spec.kernel && backend === 'webgpu') return tfjsKernel(spec.kernel);
      if (spec.training) return tfjsTraining(spec);
      const folded = await foldedWeights(spec);
      return async (mark) => (await loaded(import('./engines/tfjs.ts'), mark)).openTfjs(backend, folded, mark);
    },
  };
}

async function tfjsTraining(spec: Spec): ReturnType<Engine['prepare']> {
  const { file, config } = await read(await download(spec.weights), spec);
  const labels = labelsOf(spec.shape[0], config.classes.length);
  const module = () => import('./engines/tfjsTraining.ts');
  return async (mark) => (await loaded(module(), mark)).openTfjsTraining(file, config, labels, mark);
}

async function tfjsKernel(name: string): ReturnType<Engine['prepare']> {
  const { kernel, file } = await kernelNamed(name);
  const { node } = kernel;
  const { knobs } = node.attributes as Conv2dAttributes;
  const conv = foldConv(file, node.name, 1e-5);
  const options = { stride: knobs.STRIDE_H, pad: knobs.PAD_H, relu: knobs.ACTIVATION === 1 };
  return async (mark) => (await loaded(import('./engines/tfjs.ts'), mark)).openTfjsConv(conv, options);
}

function ort(provider: 'webgpu' | 'wasm'): Engine {
  return {
    name: `ort-${provider}`,
    async prepare(spec) {
      const model = await download(spec.onnx);
      const module = () => (provider === 'webgpu' ? import('./engines/ortWebgpu.ts') : import('./engines/ortWasm.ts'));
      return async (mark) => (await loaded(module(), mark)).open(spec, model, mark);
    },
  };
}

async function kernelNamed(name: string) {
  const { kernelCases, kernelWeights } = await import('./kernels.ts');
  const kernel = kernelCases().get(name)!;
  return { kernel, file: kernelWeights(kernel) };
}

async function loaded<T>(module: Promise<T>, mark: (part: string) => void): Promise<T> {
  const code = await module;
  mark('code');
  return code;
}

/** The weights and their configuration for the case's size. */
export async function read(bytes: Uint8Array, { weights, shape }: Spec) {
  const file = await readWeights(bytes, weights);
  return { file, config: { ...parseConfig(file.metadata, weights), size: shape[1] } };
}

async function foldedWeights({ weights }: Spec) {
  return fold(await readWeights(await download(weights), weights));
}

export async function download(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
