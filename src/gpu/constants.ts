// Constants on the device: parameters as the file has them, what is derived from them, and what a plan's setup computes
// from them. Each is made once and shared by all sessions that read the same weights.

import { mismatch } from '../errors.ts';
import type { Constant, Dispatch, Parameter, Plan } from '../graph/plan.ts';
import type { TensorFile } from '../graph/tensor.ts';
import { bind } from './bind.ts';
import type { Device } from './device.ts';
import { pipelineFor } from './pipelines.ts';

/** The weights of one model on one device, by constant name. */
export class Weights {
  readonly #buffers = new Map<string, GPUBuffer>();
  /** What a setup makes is there at once and filled when its promise resolves. */
  readonly #filled = new Map<string, Promise<unknown>>();

  constructor(
    readonly device: Device,
    readonly file: TensorFile,
    readonly where: string,
  ) {}

  /** Bytes on the device. */
  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /**
   * The buffers of all constants that the plan's dispatches read, by index in `plan.buffers`. Uploads and computes what
   * no earlier session needed; sources that only the setup reads go when it is done.
   */
  async provide(plan: Plan): Promise<Map<number, GPUBuffer>> {
    const { fresh, needed } = this.#missing(plan);
    const all: GPUBuffer[] = [];
    const sources: GPUBuffer[] = [];
    const take = (index: number, make: () => GPUBuffer) => {
      const { label, role } = plan.buffers[index]!;
      const buffer = this.#buffers.get(label) ?? make();
      if (role === 'constant') this.#buffers.set(label, buffer);
      else if (!this.#buffers.has(label)) sources.push(buffer);
      all[index] = buffer;
    };
    try {
      for (const constant of plan.constants) {
        if (needed.has(constant.buffer)) take(constant.buffer, () => this.#upload(constant));
      }
      for (const index of needed) {
        const { label, bytes } = plan.buffers[index]!;
        if (!all[index]) take(index, () => this.#make(label, bytes));
      }
      await this.#compute(plan, fresh, all);
    } finally {
      for (const buffer of sources) buffer.destroy();
    }
    const kept = plan.buffers.flatMap(({ role }, index) => (role === 'constant' ? [index] : []));
    await Promise.all(kept.map((index) => this.#filled.get(plan.buffers[index]!.label)));
    return new Map(kept.map((index) => [index, all[index]!]));
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#filled.clear();
  }

  /** The setup's dispatches whose results are not there yet, and the buffers that they and the plan need. */
  #missing({ buffers, setup }: Plan): { fresh: Dispatch[]; needed: Set<number> } {
    const needed = new Set(buffers.flatMap(({ role }, index) => (role === 'constant' ? [index] : [])));
    const fresh: Dispatch[] = [];
    for (const dispatch of [...setup].reverse()) {
      if (!written(dispatch).some((index) => needed.has(index) && !this.#buffers.has(buffers[index]!.label))) continue;
      fresh.unshift(dispatch);
      for (const index of dispatch.buffers) needed.add(index);
    }
    return { fresh, needed };
  }

  /** Runs these dispatches of the setup, once what they read is filled. What fails is forgotten. */
  async #compute(plan: Plan, fresh: readonly Dispatch[], all: readonly GPUBuffer[]): Promise<void> {
    if (fresh.length === 0) return;
    const label = (index: number) => plan.buffers[index]!.label;
    const made = fresh.flatMap(written).map(label);
    const work = this.#submit(
      fresh,
      all,
      fresh.flatMap(({ buffers }) => buffers.map((index) => this.#filled.get(label(index)))),
    );
    for (const name of made) if (this.#buffers.has(name)) this.#filled.set(name, work);
    try {
      await work;
    } catch (error) {
      for (const name of made) {
        this.#buffers.get(name)?.destroy();
        this.#buffers.delete(name);
        this.#filled.delete(name);
      }
      throw error;
    }
  }

  async #submit(fresh: readonly Dispatch[], all: readonly GPUBuffer[], before: readonly unknown[]): Promise<void> {
    const { gpu } = this.device;
    const pipelines = await Promise.all(
      fresh.map(({ kernel, knobs, name }) => pipelineFor(this.device, kernel.shader, knobs, name)),
    );
    await Promise.all(before);
    const uniforms: GPUBuffer[] = [];
    const encoder = gpu.createCommandEncoder({ label: 'setup' });
    const pass = encoder.beginComputePass({ label: 'setup' });
    fresh.forEach((dispatch, i) => {
      const group = bind(gpu, dispatch, pipelines[i]!, all, (label, size, usage) => {
        const buffer = gpu.createBuffer({ label, size, usage });
        uniforms.push(buffer);
        return buffer;
      });
      pass.setPipeline(pipelines[i]!);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...dispatch.grid);
    });
    pass.end();
    gpu.queue.submit([encoder.finish()]);
    for (const buffer of uniforms) buffer.destroy();
  }

  #make(label: string, size: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    return this.device.gpu.createBuffer({ label, size, usage });
  }

  #upload({ name, parameters, compute }: Constant): GPUBuffer {
    const sources = parameters.map((parameter) => this.#load(parameter));
    const data = compute ? compute(...sources) : sources[0]!;
    const buffer = this.#make(name, data.byteLength);
    this.device.gpu.queue.writeBuffer(buffer, 0, data.buffer, data.byteOffset, data.byteLength);
    return buffer;
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

/** Indices of the buffers that a dispatch writes. */
function written({ kernel, buffers }: Dispatch): number[] {
  const storage = kernel.shader.bindings.filter((binding) => binding.access !== 'uniform');
  return buffers.filter((_, i) => storage[i]!.access === 'write');
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
