// An ONNX graph while it is being written: its nodes, its initialisers, and in which order of axes each of our values
// stands in it. It knows nothing of single ops (onnxOps.ts) nor of the file (onnx.ts).

import { mismatch } from '../errors.ts';
import { type DerivedAttributes, derivedOp, type Node, parameterOp } from '../graph/node.ts';
import { type FiltersLastAttributes, filtersLastOp } from '../graph/ops/filtersLast.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { permute } from './permute.ts';

/** AttributeProto, without what we never write. */
export interface Attribute {
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
}

export const float = (f: number): Attribute => ({ type: 1, f });
export const int = (i: number): Attribute => ({ type: 2, i });
export const ints = (values: readonly number[]): Attribute => ({ type: 7, ints: values });

/** TensorProto.DataType. */
export const FLOAT = 1;
const INT64 = 7;

/** Adds the ONNX nodes that compute `node`, whose inputs are defined, and says what it became. */
export type OnnxRule = (graph: OnnxGraph, node: Node) => Value;

/** What a node of ours became. */
export interface Value {
  readonly tensor: string;
  /** Our (N, H, W, C) stands as (N, C, H, W), as ONNX's convolutions and pools want it; else the axes are ours. */
  readonly channelsFirst: boolean;
}

export const same = (tensor: string): Value => ({ tensor, channelsFirst: false });
export const channelsFirst = (tensor: string): Value => ({ tensor, channelsFirst: true });

export class OnnxGraph {
  readonly nodes: object[] = [];
  readonly initialisers: object[] = [];
  readonly #values = new Map<Node, Value>();
  readonly #turned = new Map<string, string>();
  readonly #names: Set<string>;
  #prefix = '';

  /** `reserved`: names of inputs and outputs, which no other tensor may take. */
  constructor(
    readonly file: TensorFile,
    readonly where: string,
    reserved: Iterable<string>,
  ) {
    this.#names = new Set(reserved);
  }

  /** What follows is named after this node of ours. */
  begin(node: Node): void {
    this.#prefix = node.name;
  }

  define(node: Node, value: Value): void {
    this.#values.set(node, value);
  }

  /** What an input or a computed node became; parameters have to be taken by `constant`. */
  value(node: Node): Value {
    const value = this.#values.get(node);
    if (value) return value;
    throw mismatch(
      'input',
      this.where,
      node.name,
      node.op.name,
      'a computed value',
      'ONNX export has no rule for this',
    );
  }

  /** The tensor of `node` with its axes in our order. */
  same(node: Node): string {
    const { tensor, channelsFirst } = this.value(node);
    return channelsFirst ? this.#turn(tensor, [0, 2, 3, 1]) : tensor;
  }

  /** The tensor of `node`, (N, H, W, C) for us, as (N, C, H, W). */
  channelsFirst(node: Node): string {
    const { tensor, channelsFirst } = this.value(node);
    return channelsFirst ? tensor : this.#turn(tensor, [0, 3, 1, 2]);
  }

  #turn(tensor: string, perm: readonly number[]): string {
    const turned = this.#turned.get(tensor) ?? this.emit('Transpose', [tensor], { perm: ints(perm) });
    this.#turned.set(tensor, turned);
    return turned;
  }

  /** Adds an ONNX node and gives the name of its first output; `output` where the model's caller knows it by a name. */
  emit(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    output = this.#unique(opType),
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) => ({ name, ...value }));
    const outputs = opType === 'TopK' ? [output, this.#unique('indices')] : [output];
    this.nodes.push({ opType, name: output, input, output: outputs, attribute });
    return output;
  }

  /** `shape` as Reshape takes it: 0 keeps an axis, -1 takes what is left; 0 for the images, whose number may be dynamic. */
  reshape(tensor: string, shape: readonly number[]): string {
    return this.emit('Reshape', [tensor, this.integers('shape', shape)]);
  }

  /** The last two axes of `rank` swapped. */
  transpose(tensor: string, rank: number): string {
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return this.emit('Transpose', [tensor], { perm: ints([...axes.slice(0, -2), rank - 1, rank - 2]) });
  }

  scale(tensor: string, factor: number): string {
    return factor === 1 ? tensor : this.emit('Mul', [tensor, this.scalar('scale', factor)]);
  }

  /** Adds an f32 initialiser, row-major. */
  floats(name: string, dims: readonly number[], data: Float32Array): string {
    return this.#initialiser(name, FLOAT, dims, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Adds a scalar. */
  scalar(name: string, value: number): string {
    return this.floats(name, [], Float32Array.of(value));
  }

  /** Adds a list of integers, as Reshape and TopK take them. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.#initialiser(name, INT64, [values.length], new Uint8Array(data.buffer));
  }

  #initialiser(what: string, dataType: number, dims: readonly number[], rawData: Uint8Array): string {
    const name = this.#unique(what, '.');
    this.initialisers.push({ name, dataType, dims, rawData });
    return name;
  }

  #unique(what: string, separator = '/'): string {
    const base = `${this.#prefix}${separator}${what}`;
    let name = base;
    for (let i = 2; this.#names.has(name); i++) name = `${base}_${i}`;
    this.#names.add(name);
    return name;
  }

  /**
   * The values of a parameter or of what is derived from parameters, f32 row-major. Axis i of the result is axis `axes[i]`
   * of the node; without `axes` the order is the node's. Refuses nodes that only a run can compute.
   */
  constant(node: Node, axes: readonly number[] = node.shape.map((_, axis) => axis)): Float32Array {
    if (node.op === parameterOp) return reordered(this.#parameter(node), node.shape, axes);
    if (node.op === filtersLastOp) {
      // Both orders at once: back to the file's order, as it mostly is, costs nothing.
      const { permutation } = node.attributes as FiltersLastAttributes;
      return this.constant(
        node.inputs[0]!,
        axes.map((axis) => permutation[axis]!),
      );
    }
    if (node.op !== derivedOp) {
      throw mismatch('input', this.where, node.name, node.op.name, 'a parameter', 'ONNX export takes constant weights');
    }
    const { compute } = node.attributes as DerivedAttributes;
    const data = compute(...node.inputs.map((input) => this.constant(input)));
    return reordered(data, node.shape, axes);
  }

  #parameter({ name, shape }: Node): Float32Array {
    const tensor = this.file.tensors.get(name);
    const fits = tensor?.shape.join() === shape.join();
    if (!fits) throw mismatch('weights', this.where, name, tensor ? [...tensor.shape] : 'nothing', [...shape]);
    return tensor!.data;
  }
}

function reordered(data: Float32Array, shape: readonly number[], axes: readonly number[]): Float32Array {
  return axes.every((axis, i) => axis === i) ? data : permute(data, shape, axes);
}
