// TensorFlow.js on its WebGPU backend: fused.conv2d with the batch norm folded into filter and bias.

import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { permute } from '../src/gpu/constants.ts';
import type { Tensor, TensorFile } from '../src/graph/tensor.ts';
import type { ModelConfig } from '../src/model/config.ts';
import type { Peer } from './peers.ts';

interface FoldedConv {
  readonly filter: tf.Tensor4D;
  readonly bias: tf.Tensor1D;
}

const blocks = [3, 4, 6, 3];

export function tfjsWebgpu(file: TensorFile, config: ModelConfig): Peer {
  let convs = new Map<string, FoldedConv>();
  let fc: { weight: tf.Tensor2D; bias: tf.Tensor1D };
  return {
    name: 'tfjs-webgpu',
    async prepare() {
      await tf.setBackend('webgpu');
      await tf.ready();
      convs = foldAll(file, config.eps);
      const weight = tensor(file, 'backbone.fc.weight');
      const [out, inputs] = weight.shape as [number, number];
      fc = {
        weight: tf.tensor2d(permute(weight.data, weight.shape, [1, 0]), [inputs, out]),
        bias: tf.tensor1d(tensor(file, 'backbone.fc.bias').data),
      };
    },
    async run({ shape, data }) {
      const logits = tf.tidy(() => {
        const x = tf.tensor4d(data, shape as [number, number, number, number]);
        const features = tf.mean(backbone(x, convs, config), [1, 2]) as tf.Tensor2D;
        return tf.fused.matMul({ a: features, b: fc.weight, bias: fc.bias });
      });
      const result = (await logits.data()) as Float32Array;
      logits.dispose();
      return result;
    },
    async dispose() {
      for (const { filter, bias } of convs.values()) tf.dispose([filter, bias]);
      tf.dispose(fc);
    },
  };
}

function backbone(x: tf.Tensor4D, convs: Map<string, FoldedConv>, { variant }: ModelConfig): tf.Tensor4D {
  const conv = (input: tf.Tensor4D, name: string, stride: number, pad: number, activation?: 'relu') => {
    const { filter, bias } = convs.get(`backbone.${name}`)!;
    return tf.fused.conv2d({ x: input, filter, bias, strides: stride, pad, activation });
  };
  let y = tf.maxPool(conv(x, 'conv1', 2, 3, 'relu'), 3, 2, 1);
  blocks.forEach((count, stage) => {
    for (let block = 0; block < count; block++) {
      const name = `layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const shortcut = block === 0 ? conv(y, `${name}.downsample.0`, stride, 0) : y;
      let z = conv(y, `${name}.conv1`, variant === 'v1' ? stride : 1, 0, 'relu');
      z = conv(z, `${name}.conv2`, variant === 'v1' ? 1 : stride, 1, 'relu');
      y = tf.relu(tf.add(conv(z, `${name}.conv3`, 1, 0), shortcut));
    }
  });
  return y;
}

/** Every conv with the batch norm that follows it: filter * scale, bias = beta - mean * scale. */
function foldAll(file: TensorFile, eps: number): Map<string, FoldedConv> {
  const names = [...file.tensors.keys()].filter((name) => file.tensors.get(name)!.shape.length === 4);
  return new Map(
    names.map((weightName) => {
      const conv = weightName.slice(0, -'.weight'.length);
      const bn = conv.endsWith('downsample.0') ? conv.replace(/0$/, '1') : conv.replace(/conv(\d)$/, 'bn$1');
      const get = (name: string) => tensor(file, `${bn}.${name}`).data;
      const [gamma, beta, mean, variance] = [get('weight'), get('bias'), get('running_mean'), get('running_var')];
      const scale = gamma.map((g, i) => g / Math.sqrt(variance[i]! + eps));
      const { shape, data } = tensor(file, weightName);
      const [k, c, kh, kw] = shape as [number, number, number, number];
      const filter = permute(data, shape, [2, 3, 1, 0]).map((w, i) => w * scale[i % k]!);
      const bias = beta.map((b, i) => b - mean[i]! * scale[i]!);
      return [conv, { filter: tf.tensor4d(filter, [kh, kw, c, k]), bias: tf.tensor1d(bias) }] as const;
    }),
  );
}

function tensor(file: TensorFile, name: string): Tensor {
  const found = file.tensors.get(name);
  if (!found) throw new Error(`bench: the weights have no ${name}`);
  return found;
}
