// The conversion of the Keras ResNet50: a made-up package of the real size, in shards cut at odd places.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type KerasFiles, readKeras } from '../../src/formats/keras.ts';
import { refused } from '../harness/refused.ts';

interface Weight {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: unknown;
}

/** Names and shapes as in the package's manifest: batch norms first, then the head and the convolutions. */
function manifestWeights(): Weight[] {
  const bns: Weight[] = [];
  const convs: Weight[] = [];
  const add = (conv: string, bn: string, kernel: number[]) => {
    const out = [kernel[3]!];
    for (const part of ['gamma', 'beta', 'moving_mean', 'moving_variance']) {
      bns.push({ name: `${bn}/${part}`, shape: out, dtype: 'float32' });
    }
    convs.push({ name: `${conv}/kernel`, shape: kernel, dtype: 'float32' });
    convs.push({ name: `${conv}/bias`, shape: out, dtype: 'float32' });
  };
  add('conv1', 'bn_conv1', [7, 7, 3, 64]);
  for (const [stage, letters] of Object.entries({ 2: 'abc', 3: 'abcd', 4: 'abcdef', 5: 'abc' })) {
    const width = 16 * 2 ** Number(stage);
    for (const letter of letters) {
      const at = (branch: string, kernel: number[]) =>
        add(`res${stage}${letter}_branch${branch}`, `bn${stage}${letter}_branch${branch}`, kernel);
      const cin = letter !== 'a' ? 4 * width : stage === '2' ? 64 : 2 * width;
      if (letter === 'a') at('1', [1, 1, cin, 4 * width]);
      at('2a', [1, 1, cin, width]);
      at('2b', [3, 3, width, width]);
      at('2c', [1, 1, width, 4 * width]);
    }
  }
  convs.splice(2, 0, { name: 'fc1000/kernel', shape: [2048, 1000], dtype: 'float32' });
  convs.splice(3, 0, { name: 'fc1000/bias', shape: [1000], dtype: 'float32' });
  return [...bns, ...convs];
}

const SHARD_BYTES = 20_000_003;
const weights = manifestWeights();
const count = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
/** Whole numbers below 2^23, so that sums and differences of two are exact. */
const numbers = Float32Array.from({ length: count }, (_, i) => (i * 2654435) % 8388593);
const bytes = new Uint8Array(numbers.buffer);
const starts = new Map<string, number>();
let next = 0;
for (const { name, shape } of weights) {
  starts.set(name, next);
  next += shape.reduce((a, b) => a * b, 1);
}
const value = (name: string, index: number) => numbers[starts.get(name)! + index]!;

const json = (content: unknown) => new TextEncoder().encode(JSON.stringify(content));
const paths = Array.from({ length: Math.ceil(bytes.length / SHARD_BYTES) }, (_, i) => `shard${i}.bin`);
const labels = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, `name ${i}`]));
const modelJson = (changed: Weight[] = weights) => json({ weightsManifest: [{ paths, weights: changed }] });
const files: KerasFiles = {
  modelJson: modelJson(),
  shard: (name) => {
    const index = paths.indexOf(name);
    return bytes.subarray(index * SHARD_BYTES, (index + 1) * SHARD_BYTES);
  },
  labels: json(labels),
};

test('the package has the published size', () => assert.is(count, 25_636_712));

test("every tensor lands under torchvision's name in PyTorch's layout", () => {
  const { tensors, metadata } = readKeras(files);
  assert.is(tensors.size, 267);
  let parameters = 0;
  for (const [name, { data }] of tensors) if (!name.includes('running_')) parameters += data.length;
  assert.is(parameters, 25_557_032);
  assert.equal(JSON.parse(metadata.plumage!), {
    model: 'plain',
    variant: 'v1',
    eps: 0.001,
    preprocessing: 'keras',
    size: 224,
    classes: Object.values(labels),
  });

  const at = (name: string, ...index: number[]) => {
    const { shape, data } = tensors.get(name)!;
    assert.is(shape.length, index.length, name);
    return data[index.reduce((sum, i, axis) => sum * shape[axis]! + i, 0)];
  };
  for (const [ours, keras, [kh, kw, cin, cout]] of [
    ['conv1', 'conv1', [7, 7, 3, 64]],
    ['layer1.0.conv1', 'res2a_branch2a', [1, 1, 64, 64]],
    ['layer1.0.downsample.0', 'res2a_branch1', [1, 1, 64, 256]],
    ['layer2.3.conv2', 'res3d_branch2b', [3, 3, 128, 128]],
    ['layer3.5.conv3', 'res4f_branch2c', [1, 1, 256, 1024]],
    ['layer4.0.downsample.0', 'res5a_branch1', [1, 1, 1024, 2048]],
    ['layer4.2.conv2', 'res5c_branch2b', [3, 3, 512, 512]],
  ] as const) {
    assert.equal(tensors.get(`backbone.${ours}.weight`)!.shape, [cout, cin, kh, kw]);
    for (const [o, i, y, x] of [
      [0, 0, 0, 0],
      [1, 2, kh - 1, 0],
      [cout - 1, 1, 0, kw - 1],
      [cout >> 1, cin - 1, kh >> 1, kw - 1],
    ] as const) {
      const source = value(`${keras}/kernel`, ((y * kw + x) * cin + i) * cout + o);
      assert.is(at(`backbone.${ours}.weight`, o, i, y, x), source, `${ours} ${[o, i, y, x]}`);
    }
  }
  for (const [ours, conv, bn] of [
    ['bn1', 'conv1', 'bn_conv1'],
    ['layer3.0.bn2', 'res4a_branch2b', 'bn4a_branch2b'],
    ['layer4.0.downsample.1', 'res5a_branch1', 'bn5a_branch1'],
    ['layer4.2.bn3', 'res5c_branch2c', 'bn5c_branch2c'],
  ] as const) {
    for (const i of [0, 1, 63]) {
      assert.is(at(`backbone.${ours}.weight`, i), value(`${bn}/gamma`, i));
      assert.is(at(`backbone.${ours}.bias`, i), value(`${bn}/beta`, i));
      assert.is(at(`backbone.${ours}.running_mean`, i), value(`${bn}/moving_mean`, i) - value(`${conv}/bias`, i));
      assert.is(at(`backbone.${ours}.running_var`, i), value(`${bn}/moving_variance`, i));
    }
  }
  assert.equal(tensors.get('backbone.fc.weight')!.shape, [1000, 2048]);
  assert.is(at('backbone.fc.weight', 999, 3), value('fc1000/kernel', 3 * 1000 + 999));
  assert.is(at('backbone.fc.bias', 999), value('fc1000/bias', 999));
});

const changed = (name: string, change: Partial<Weight>) =>
  modelJson(weights.map((weight) => (weight.name === name ? { ...weight, ...change } : weight)));

for (const [name, change, pattern] of [
  ['not JSON', { modelJson: new TextEncoder().encode('{') }, /model\.json: not valid JSON/],
  ['no manifest', { modelJson: json({}) }, /no weightsManifest/],
  ['a group without paths', { modelJson: json({ weightsManifest: [{}] }) }, /a group without paths/],
  ['a weight without shape', { modelJson: json({ weightsManifest: [{ paths, weights: [{}] }] }) }, /without name and/],
  ['a missing tensor', { modelJson: modelJson(weights.slice(1)) }, /1 tensors are missing, first bn_conv1\/gamma/],
  [
    'an unknown tensor',
    { modelJson: changed('conv1/bias', { name: 'conv9/bias' }) },
    /unknown or repeated tensor conv9/,
  ],
  ['a doubled tensor', { modelJson: modelJson([...weights, weights[0]!]) }, /repeated tensor bn_conv1\/gamma/],
  [
    'a wrong shape',
    { modelJson: changed('conv1/bias', { shape: [63] }) },
    /conv1\/bias: shape, got \(63\), expected \(64\)/,
  ],
  ['another dtype', { modelJson: changed('conv1/bias', { dtype: 'int32' }) }, /conv1\/bias: dtype, got int32/],
  ['quantization', { modelJson: changed('conv1/bias', { quantization: {} }) }, /conv1\/bias: dtype/],
  ['an empty shard', { shard: () => new Uint8Array(0) }, /shard0\.bin is empty/],
  ['shards too short', { shard: () => bytes.subarray(0, 1000) }, /shards end inside/],
  ['a shard too long', { shard: () => bytes }, /hold more than the manifest lists/],
  [
    '999 labels',
    { labels: json(Object.fromEntries(Object.entries(labels).slice(1))) },
    /classes, got 999, expected 1000/,
  ],
  ['a label that is no text', { labels: json({ ...labels, 7: 7 }) }, /class 7, got 7/],
] as const) {
  test(`refused: ${name}`, () => refused(() => readKeras({ ...files, ...change }, 'package'), 'weights', pattern));
}

test.run();
