// A training step in TensorFlow.js on WebGPU: the same network with batch norms by the batch's statistics, the same loss,
// tf.variableGrads and SGD with momentum.

import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { permute } from '../../src/formats/permute.ts';
import type { Tensor, TensorFile } from '../../src/graph/tensor.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import type { Mark, Peer } from '../peers.ts';
import { RATE } from '../training.ts';
import { type Layers, network } from './tfjsNetwork.ts';

/** Of every batch norm but the backbone's. */
const EPS = 1e-5;

/** Each run is one step on x; it gives the loss and the logits that it saw. */
export async function openTfjsTraining(
  file: TensorFile,
  config: ModelConfig,
  labels: Uint32Array,
  mark: Mark,
): Promise<Peer> {
  await tf.setBackend('webgpu');
  await tf.ready();
  mark('device');
  const variables = variablesOf(file);
  const layers = trainedLayers(variables, config.eps);
  const targets = tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), config.classes.length);
  const optimizer = tf.train.momentum(RATE, 0.9);
  mark('weights');
  return {
    async run([input]) {
      const x = tf.tensor4d(input!.data, input!.shape as [number, number, number, number]);
      let seen: tf.Tensor2D | undefined;
      const { value, grads } = tf.variableGrads(() => {
        const logits = network(x, layers, config);
        seen = tf.keep(tf.addN(logits) as tf.Tensor2D);
        const losses = logits.map((each, i) => tf.mul(crossEntropy(each, targets), i === 3 ? 2 : 1));
        return tf.addN(losses) as tf.Scalar;
      }, [...variables.values()]);
      optimizer.applyGradients(grads as Record<string, tf.Variable>);
      const [loss, combined] = [await value.data(), await seen!.data()];
      tf.dispose([x, value, seen!, ...Object.values(grads)]);
      return Float32Array.of(...loss, ...combined);
    },
    async dispose() {
      optimizer.dispose();
      tf.dispose([targets, ...variables.values()]);
    },
  };
}

const crossEntropy = (logits: tf.Tensor2D, targets: tf.Tensor): tf.Tensor =>
  tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), targets), 1)));

/** A variable for each trained tensor: filters HWIO, matrices (in, out). */
function variablesOf({ tensors }: TensorFile): Map<string, tf.Variable> {
  const trained = [...tensors].filter(([name]) => !/running_(mean|var)$|num_batches_tracked$/.test(name));
  return new Map(trained.map(([name, tensor]) => [name, tf.variable(filtersLast(tensor), true, name)]));
}

function filtersLast({ shape, data }: Tensor): tf.Tensor {
  const order = { 2: [1, 0], 4: [2, 3, 1, 0] }[shape.length];
  if (!order) return tf.tensor(data, [...shape]);
  return tf.tensor(
    permute(data, shape, order),
    order.map((axis) => shape[axis]!),
  );
}

function trainedLayers(variables: ReadonlyMap<string, tf.Variable>, eps: number): Layers {
  const get = <T extends tf.Tensor>(name: string) => variables.get(name) as unknown as T;
  const batchNorm = <T extends tf.Tensor>(name: string, x: T, epsilon: number): T => {
    const { mean, variance } = tf.moments(x, x.rank === 4 ? [0, 1, 2] : [0]);
    const [offset, scale] = [get<tf.Tensor1D>(`${name}.bias`), get<tf.Tensor1D>(`${name}.weight`)];
    return tf.batchNorm(x as tf.Tensor, mean, variance, offset, scale, epsilon) as T;
  };
  const linear = (name: string, x: tf.Tensor2D) =>
    tf.add(tf.matMul(x, get<tf.Tensor2D>(`${name}.weight`)), get(`${name}.bias`)) as tf.Tensor2D;
  return {
    conv(name, x, { stride = 1, pad = 0, relu }) {
      const y = tf.conv2d(x, get<tf.Tensor4D>(`${name}.weight`), stride, pad);
      const bn = name.endsWith('downsample.0') ? name.replace(/0$/, '1') : name.replace(/conv(\d)$/, 'bn$1');
      const normed = bn === name ? y : batchNorm(bn, y, name.startsWith('backbone.') ? eps : EPS);
      return relu ? tf.relu(normed) : normed;
    },
    linear,
    head(name, f) {
      const hidden = linear(`${name}.fc1`, batchNorm(`${name}.bn1`, f, EPS));
      return linear(`${name}.fc2`, tf.elu(batchNorm(`${name}.bn2`, hidden, EPS)));
    },
    gamma: (branch) => tf.reshape(tf.slice(get<tf.Tensor1D>('clca.gamma'), [branch], [1]), []) as tf.Scalar,
    beta: get('cga.beta'),
  };
}
