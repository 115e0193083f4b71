// TensorFlow.js on its WebGPU and its wasm backend: fused.conv2d with the batch norm folded into filter and bias.

import '@tensorflow/tfjs-backend-webgpu';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Folded, FoldedConv } from '../fold.ts';
import type { Mark, Peer } from '../peers.ts';
import { type Layers, network } from './tfjsNetwork.ts';

export type Backend = 'webgpu' | 'wasm';

/** The network on a backend. Tensors stay where they were made, so both backends may be open at once. */
export async function openTfjs(backend: Backend, folded: Folded, mark: Mark): Promise<Peer> {
  await use(backend);
  mark('device');
  const { layers, dispose } = foldedLayers(folded);
  mark('weights');
  return {
    async run([x]) {
      await tf.setBackend(backend);
      const logits = tf.tidy(() => tf.addN(network(upload(x!), layers, folded.config)));
      const result = (await logits.data()) as Float32Array;
      logits.dispose();
      return result;
    },
    async dispose() {
      await tf.setBackend(backend);
      dispose();
    },
  };
}

export interface ConvOptions {
  readonly stride: number;
  readonly pad: number;
  readonly relu: boolean;
}

/** One convolution alone, with the residual where it has one, as the network uses it. */
export async function openTfjsConv(conv: FoldedConv, { stride, pad, relu }: ConvOptions): Promise<Peer> {
  await use('webgpu');
  const weights = convWeights(conv);
  return {
    async run([input, residual]) {
      await tf.setBackend('webgpu');
      const y = tf.tidy(() => {
        const activation = relu && !residual ? 'relu' : undefined;
        const z = tf.fused.conv2d({ x: upload(input!), ...weights, strides: stride, pad, activation });
        if (!residual) return z;
        const sum = tf.add(z, upload(residual));
        return relu ? tf.relu(sum) : sum;
      });
      const result = (await y.data()) as Float32Array;
      y.dispose();
      return result;
    },
    async dispose() {
      tf.dispose(weights);
    },
  };
}

const convWeights = ({ shape, filter, bias }: FoldedConv) => ({
  filter: tf.tensor4d(filter, shape),
  bias: tf.tensor1d(bias),
});

const upload = ({ shape, data }: Tensor) => tf.tensor4d(data, shape as [number, number, number, number]);

async function use(backend: Backend): Promise<void> {
  if (backend === 'wasm') {
    setWasmPaths('/tfjs-wasm/');
    setThreadsCount(navigator.hardwareConcurrency);
  }
  await tf.setBackend(backend);
  await tf.ready();
}

function foldedLayers({ convs, linears, gamma, beta }: Folded): { layers: Layers; dispose(): void } {
  const filters = new Map([...convs].map(([name, conv]) => [name, convWeights(conv)]));
  const matrices = new Map(
    [...linears].map(([name, { shape, weight, bias }]) => [
      name,
      { b: tf.tensor2d(weight, shape), bias: tf.tensor1d(bias) },
    ]),
  );
  const linear = (name: string, a: tf.Tensor2D, activation?: 'elu') =>
    tf.fused.matMul({ a, ...matrices.get(name)!, activation }) as tf.Tensor2D;
  const layers: Layers = {
    conv(name, x, { stride = 1, pad = 0, relu }) {
      const activation = relu ? 'relu' : undefined;
      return tf.fused.conv2d({ x, ...filters.get(name)!, strides: stride, pad, activation });
    },
    linear,
    head: (name, f) => linear(`${name}.fc2`, linear(`${name}.fc1`, f, 'elu')),
    gamma: (branch) => gamma[branch]!,
    beta,
  };
  return {
    layers,
    dispose: () => tf.dispose([...filters.values(), ...matrices.values()].map((each) => ({ ...each }))),
  };
}
