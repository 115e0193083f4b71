// The networks in TensorFlow.js's operations: ResNet50, and the attention network of docs/model behind it.

import * as tf from '@tensorflow/tfjs-core';
import type { ModelConfig, PlumageConfig } from '../../src/model/config.ts';

/** What the network is made of: with folded batch norms in inference, with batch norms in training. */
export interface Layers {
  /** A convolution and the batch norm behind it, if it has one. */
  conv(name: string, x: tf.Tensor4D, options: ConvOptions): tf.Tensor4D;
  linear(name: string, x: tf.Tensor2D): tf.Tensor2D;
  head(name: string, f: tf.Tensor2D): tf.Tensor2D;
  /** Of each branch. */
  gamma(branch: number): tf.Scalar | number;
  readonly beta: tf.Tensor | number;
}

const blocks = [3, 4, 6, 3];

/** x (N, H, W, 3) -> logits (N, classes): of the plain network, or of the four heads, that of all branches last. */
export function network(x: tf.Tensor4D, layers: Layers, config: ModelConfig): tf.Tensor2D[] {
  const taps = backbone(x, layers, config);
  if (config.model === 'plumage') return branches(taps, layers, config);
  return [layers.linear('backbone.fc', tf.mean(taps[2]!, [1, 2]))];
}

export interface ConvOptions {
  readonly stride?: number;
  readonly pad?: number;
  readonly relu?: boolean;
}

/** The last ReLU of stages 2, 3 and 4. */
function backbone(x: tf.Tensor4D, layers: Layers, { variant }: ModelConfig): tf.Tensor4D[] {
  let y = tf.maxPool(layers.conv('backbone.conv1', x, { stride: 2, pad: 3, relu: true }), 3, 2, 1);
  const taps = blocks.map((count, stage) => {
    for (let block = 0; block < count; block++) {
      const name = `backbone.layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const [first, second] = variant === 'v1' ? [stride, 1] : [1, stride];
      const shortcut = block === 0 ? layers.conv(`${name}.downsample.0`, y, { stride }) : y;
      let z = layers.conv(`${name}.conv1`, y, { stride: first, relu: true });
      z = layers.conv(`${name}.conv2`, z, { stride: second, pad: 1, relu: true });
      y = tf.relu(tf.add(layers.conv(`${name}.conv3`, z, {}), shortcut));
    }
    return y;
  });
  return taps.slice(1);
}

function branches(taps: readonly tf.Tensor4D[], layers: Layers, config: PlumageConfig): tf.Tensor2D[] {
  const features = [taps[0]!, taps[1]!, channelGroupAttention(taps[2]!, layers.beta, config.groups)];
  const maps = features.map((f, i) => {
    const y = layers.conv(`blocks.${i + 1}.conv1`, f, { relu: true });
    return layers.conv(`blocks.${i + 1}.conv2`, y, { pad: 1, relu: true });
  });
  const pooled = collaborativeAttention(maps, layers, config.r).map((z) => tf.max(z, 1) as tf.Tensor2D);
  const heads = [...pooled.map((f, i) => [`${i + 1}`, f] as const), ['cat', tf.concat(pooled, 1)] as const];
  return heads.map(([name, f]) => layers.head(`heads.${name}`, f));
}

/** E = X_g^T X_g / sqrt(P), S = softmax over its rows, x + beta S X_g, for every group of channels. */
function channelGroupAttention(x: tf.Tensor4D, beta: Layers['beta'], groups: number): tf.Tensor4D {
  const [n, h, w, c] = x.shape;
  const grouped = tf.transpose(tf.reshape(x, [n, h * w, groups, c / groups]), [0, 2, 1, 3]);
  const gram = tf.mul(tf.matMul(grouped, grouped, true, false), 1 / Math.sqrt(h * w));
  const y = tf.matMul(grouped, tf.softmax(gram), false, true);
  return tf.add(x, tf.mul(tf.reshape(tf.transpose(y, [0, 2, 1, 3]), x.shape), beta));
}

/** X_i (N, H_i, W_i, d) -> Z_i (N, P_i, d): x + gamma_i (what it gets from the two others). */
function collaborativeAttention(maps: readonly tf.Tensor4D[], layers: Layers, r: number): tf.Tensor3D[] {
  const flat = (x: tf.Tensor4D) => tf.reshape(x, [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]) as tf.Tensor3D;
  const rows = maps.map(flat);
  const received: tf.Tensor3D[][] = rows.map(() => []);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const q = flat(layers.conv(`clca.${a + 1}${b + 1}.u`, maps[a]!, {}));
    const k = flat(layers.conv(`clca.${a + 1}${b + 1}.v`, maps[b]!, {}));
    const affinity = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(r)) as tf.Tensor3D; // (N, Pa, Pb)
    received[a]!.push(tf.matMul(tf.softmax(affinity), rows[b]!));
    received[b]!.push(tf.matMul(tf.softmax(tf.transpose(affinity, [0, 2, 1])), rows[a]!));
  }
  return rows.map((x, i) => tf.add(x, tf.mul(tf.addN(received[i]!), layers.gamma(i))));
}
