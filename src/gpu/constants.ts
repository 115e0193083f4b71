// Constants on the device: parameters in the device's layout and what is derived from them, uploaded once and shared by
// all sessions that read the same weights.

import { mismatch } from '../errors.ts';
import type { Constant, Parameter } from '../graph/plan.ts';
import type { TensorFile } from '../graph/tensor.ts';
import type { Device } from './device.ts';

/** The weights of one model on one device, by constant name. */
export class Weights {
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(
    readonly device: Device,
    readonly file: TensorFile,
    readonly where: string,
  ) {}

  /** Bytes on the device. */
  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** The buffer of this constant, uploaded at the first call. */
  buffer(constant: Constant): GPUBuffer {
    const known = this.#buffers.get(constant.name);
    if (known) return known;
    const sources = constant.parameters.map((parameter) => this.#load(parameter));
    const data = constant.compute ? constant.compute(...sources) : sources[0]!;
    const buffer = this.device.gpu.createBuffer({
      label: constant.name,
      size: data.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    this.device.gpu.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    this.#buffers.set(constant.name, buffer);
    return buffer;
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  #load({ name, fileShape, permutation }: Parameter): Float32Array {
    const tensor = this.file.tensors.get(name);
    if (!tensor) throw mismatch('weights', this.where, `tensor ${name}`, 'nothing', `shape (${fileShape.join(', ')})`);
    if (tensor.shape.join() !== fileShape.join()) {
      throw mismatch('weights', `${this.where}: ${name}`, 'shape', [...tensor.shape], `(${fileShape.join(', ')})`);
    }
    return permutation ? permute(tensor.data, fileShape, permutation) : tensor.data;
  }
}

/** Row-major `data` of `shape` with its axes reordered: axis i of the result is axis `permutation[i]` of the source. */
export function permute(data: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  const inner = sizes.length - 1;
  const innerSize = sizes[inner]!;
  const innerStep = steps[inner]!;
  let from = 0;
  for (let to = 0; to < result.length; ) {
    for (let i = 0, at = from; i < innerSize; i++, at += innerStep) result[to++] = data[at]!;
    for (let axis = inner - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < sizes[axis]!) break;
      from -= index[axis]! * steps[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
