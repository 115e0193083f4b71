// A network's weights as the users of other libraries would ship them: batch norms folded into convs and linears, HWIO
// filters. Done before any clock starts; it knows no library.

import { permute } from '../src/formats/permute.ts';
import type { Tensor, TensorFile } from '../src/graph/tensor.ts';
import { type ModelConfig, parseConfig } from '../src/model/config.ts';

export interface FoldedConv {
  /** (KH, KW, C, K) */
  readonly shape: [number, number, number, number];
  readonly filter: Float32Array;
  readonly bias: Float32Array;
}

export interface FoldedLinear {
  /** (in, out) */
  readonly shape: [number, number];
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export interface Folded {
  readonly config: ModelConfig;
  /** By the conv's name: `backbone.layer1.0.conv1`, `blocks.1.conv2`, `clca.12.u`. */
  readonly convs: ReadonlyMap<string, FoldedConv>;
  /** `backbone.fc`, `heads.cat.fc1`; a head's batch norms are in its linears. */
  readonly linears: ReadonlyMap<string, FoldedLinear>;
  readonly gamma: Float32Array;
  readonly beta: number;
}

/** Of every batch norm but the backbone's. */
const EPS = 1e-5;

export function fold(file: TensorFile): Folded {
  const config = parseConfig(file.metadata, 'bench');
  const names = [...file.tensors.keys()].filter((name) => name.endsWith('.weight'));
  const layers = (rank: number) =>
    names
      .filter((name) => file.tensors.get(name)!.shape.length === rank)
      .map((name) => name.slice(0, -'.weight'.length));
  return {
    config,
    convs: new Map(
      layers(4).map((name) => [name, foldConv(file, name, name.startsWith('backbone.') ? config.eps : EPS)]),
    ),
    linears: new Map(layers(2).map((name) => [name, foldLinear(file, name)])),
    gamma: file.tensors.get('clca.gamma')?.data ?? new Float32Array(3),
    beta: file.tensors.get('cga.beta')?.data[0] ?? 0,
  };
}

/** filter * scale, bias = beta - mean * scale; a conv without a batch norm has bias 0. */
export function foldConv(file: TensorFile, name: string, eps: number): FoldedConv {
  const { shape, data } = tensor(file, `${name}.weight`);
  const [k, c, kh, kw] = shape as [number, number, number, number];
  const bn = name.endsWith('downsample.0') ? name.replace(/0$/, '1') : name.replace(/conv(\d)$/, 'bn$1');
  const { scale, shift } = bn === name ? identity(k) : scaleAndShift(file, bn, eps);
  const filter = permute(data, shape, [2, 3, 1, 0]).map((w, i) => w * scale[i % k]!);
  return { shape: [kh, kw, c, k], filter, bias: shift };
}

/** A head's fc1 has one batch norm before it and one behind it. */
function foldLinear(file: TensorFile, name: string): FoldedLinear {
  const { shape, data } = tensor(file, `${name}.weight`);
  const [out, inputs] = shape as [number, number];
  const own = tensor(file, `${name}.bias`).data;
  const head = name.startsWith('heads.') && name.endsWith('.fc1');
  const at = (bn: string) => name.replace(/fc1$/, bn);
  const before = head ? scaleAndShift(file, at('bn1'), EPS) : identity(inputs);
  const after = head ? scaleAndShift(file, at('bn2'), EPS) : identity(out);
  const weight = new Float32Array(inputs * out);
  const bias = new Float32Array(out);
  for (let o = 0; o < out; o++) {
    let sum = own[o]!;
    for (let i = 0; i < inputs; i++) {
      const w = data[o * inputs + i]!;
      sum += w * before.shift[i]!;
      weight[i * out + o] = w * before.scale[i]! * after.scale[o]!;
    }
    bias[o] = sum * after.scale[o]! + after.shift[o]!;
  }
  return { shape: [inputs, out], weight, bias };
}

const identity = (n: number) => ({ scale: new Float32Array(n).fill(1), shift: new Float32Array(n) });

function scaleAndShift(file: TensorFile, bn: string, eps: number): { scale: Float32Array; shift: Float32Array } {
  const get = (name: string) => tensor(file, `${bn}.${name}`).data;
  const [gamma, beta, mean, variance] = [get('weight'), get('bias'), get('running_mean'), get('running_var')];
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i]! + eps));
  return { scale, shift: beta.map((b, i) => b - mean[i]! * scale[i]!) };
}

function tensor(file: TensorFile, name: string): Tensor {
  const found = file.tensors.get(name);
  if (!found) throw new Error(`bench: the weights have no ${name}`);
  return found;
}
