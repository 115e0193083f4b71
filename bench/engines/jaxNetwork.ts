// The networks in jax-js's operations, NCHW. A call takes the arrays that it is given: `.ref` keeps one for another use.

import { lax, nn, numpy as np } from '@jax-js/jax';
import type { ModelConfig, PlumageConfig } from '../../src/model/config.ts';

export type Params = {
  readonly filters: Record<string, np.Array>;
  readonly biases: Record<string, np.Array>;
  readonly weights: Record<string, np.Array>;
  readonly shifts: Record<string, np.Array>;
};

/** What multiplies the attentions: constants of the network. */
export interface Scalars {
  readonly gamma: Float32Array;
  readonly beta: number;
}

const blocks = [3, 4, 6, 3];

/** x (N, 3, H, W) -> logits (N, classes): of the plain network, or the sum of the four heads. */
export function network(params: Params, x: np.Array, config: ModelConfig, scalars: Scalars): np.Array {
  const taps = backbone(params, x, config);
  if (config.model === 'plumage') return branches(params, taps, config, scalars);
  for (const tap of taps.slice(0, 2)) tap.dispose();
  return linear(params, 'backbone.fc', np.mean(taps[2]!, [2, 3]));
}

function conv({ filters, biases }: Params, name: string, x: np.Array, stride = 1, pad = 0): np.Array {
  const padding: [number, number][] = [
    [pad, pad],
    [pad, pad],
  ];
  return lax.convGeneralDilated(x, filters[name]!, [stride, stride], padding).add(biases[name]!);
}

const linear = ({ weights, shifts }: Params, name: string, x: np.Array): np.Array =>
  np.matmul(x, weights[name]!).add(shifts[name]!);

/** The last ReLU of stages 2, 3 and 4. */
function backbone(params: Params, x: np.Array, { variant }: ModelConfig): np.Array[] {
  let y = nn.relu(conv(params, 'backbone.conv1', x, 2, 3));
  // After a ReLU, a border of zeros is as good as none.
  y = np.pad(y, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  y = lax.reduceWindow(y, (window) => np.max(window), [3, 3], [2, 2]);
  const taps: np.Array[] = [];
  blocks.forEach((count, stage) => {
    for (let block = 0; block < count; block++) {
      const name = `backbone.layer${stage + 1}.${block}`;
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const [first, second] = variant === 'v1' ? [stride, 1] : [1, stride];
      const shortcut = block === 0 ? conv(params, `${name}.downsample.0`, y.ref, stride) : y.ref;
      let z = nn.relu(conv(params, `${name}.conv1`, y, first));
      z = nn.relu(conv(params, `${name}.conv2`, z, second, 1));
      y = nn.relu(conv(params, `${name}.conv3`, z).add(shortcut));
    }
    if (stage > 0) taps.push(stage < 3 ? y.ref : y);
  });
  return taps;
}

function branches(params: Params, taps: readonly np.Array[], config: PlumageConfig, scalars: Scalars): np.Array {
  const features = [taps[0]!, taps[1]!, channelGroupAttention(taps[2]!, scalars.beta, config.groups)];
  const maps = features.map((f, i) => {
    const y = nn.relu(conv(params, `blocks.${i + 1}.conv1`, f));
    return nn.relu(conv(params, `blocks.${i + 1}.conv2`, y, 1, 1));
  });
  const pooled = collaborativeAttention(params, maps, config.r, scalars.gamma).map((z) => np.max(z, 2));
  const all = np.concatenate(
    pooled.map((f) => f.ref),
    1,
  );
  const head = (name: string, f: np.Array) =>
    linear(params, `heads.${name}.fc2`, nn.elu(linear(params, `heads.${name}.fc1`, f)));
  return pooled.map((f, i) => head(`${i + 1}`, f)).reduce((sum, each) => sum.add(each), head('cat', all));
}

/** E = X_g X_g^T / sqrt(P), S = softmax over its rows, x + beta S X_g, for every group of channels. */
function channelGroupAttention(x: np.Array, beta: number, groups: number): np.Array {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const grouped = np.reshape(x.ref, [n, groups, c / groups, h * w]);
  const gram = np.matmul(grouped.ref, np.transpose(grouped.ref, [0, 1, 3, 2])).mul(1 / Math.sqrt(h * w));
  const y = np.matmul(nn.softmax(gram, -1), grouped);
  return x.add(np.reshape(y, [n, c, h, w]).mul(beta));
}

/** X_i (N, d, H_i, W_i) -> Z_i (N, d, P_i): x + gamma_i (what it gets from the two others). */
function collaborativeAttention(params: Params, maps: readonly np.Array[], r: number, gamma: Float32Array): np.Array[] {
  const flat = (x: np.Array) => np.reshape(x, [x.shape[0]!, x.shape[1]!, x.shape[2]! * x.shape[3]!]);
  const turned = (x: np.Array) => np.transpose(x, [0, 2, 1]);
  const columns = maps.map((x) => flat(x.ref));
  const received: np.Array[][] = columns.map(() => []);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    const q = flat(conv(params, `clca.${a + 1}${b + 1}.u`, maps[a]!.ref));
    const k = flat(conv(params, `clca.${a + 1}${b + 1}.v`, maps[b]!.ref));
    const affinity = np.matmul(turned(q), k).mul(1 / Math.sqrt(r)); // (N, Pa, Pb)
    received[a]!.push(np.matmul(columns[b]!.ref, turned(nn.softmax(affinity.ref, -1))));
    received[b]!.push(np.matmul(columns[a]!.ref, nn.softmax(affinity, 1)));
  }
  for (const x of maps) x.dispose();
  return columns.map((x, i) => x.add(received[i]![0]!.add(received[i]![1]!).mul(gamma[i]!)));
}
