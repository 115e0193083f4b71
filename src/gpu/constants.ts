// Constants on the device: parameters as the file has them, what is derived from them, and what a plan's setup computes
// from them. Each is made once and shared by all sessions that read the same weights.

import { mismatch } from '../errors.ts';
import type { Constant, Dispatch, Parameter, Plan } from '../graph/plan.ts';
import type { TensorFile } from '../graph/tensor.ts';
import type { Device } from './device.ts';
import { fill } from './fill.ts';
import { Scopes } from './scopes.ts';

/** The weights of one model on one device, by constant name. */
export class Weights {
  readonly #buffers = new Map<string, GPUBuffer>();
  /** A buffer is there at once; its values are queued for the device when its promise resolves. */
  readonly #filled = new Map<string, Promise<void>>();

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
   * no earlier session needed. What fails is forgotten, also what the device has no memory for.
   */
  async provide(plan: Plan): Promise<Map<number, GPUBuffer>> {
    const kept = plan.buffers.flatMap(({ role }, index) => (role === 'constant' ? [index] : []));
    const label = (index: number) => plan.buffers[index]!.label;
    const { fresh, needed } = this.#missing(plan, kept);
    // What others are filling is waited for before it is read. Nobody waits in a ring: they came first.
    const before = [...needed].flatMap((index) => this.#filled.get(label(index)) ?? []);
    const claimed = kept.filter((index) => !this.#buffers.has(label(index)));
    const scopes = new Scopes(this.device.gpu, plan);
    scopes.within(() => {
      for (const index of claimed) this.#buffers.set(label(index), this.#make(plan, index));
    });
    const buffers = plan.buffers.map(({ label }) => this.#buffers.get(label));
    const toUpload = plan.constants.filter(
      ({ buffer }) => needed.has(buffer) && (!buffers[buffer] || claimed.includes(buffer)),
    );
    const uploads = new Map(toUpload.map((constant) => [constant.buffer, () => this.#values(constant)]));
    const work = fill(this.device, { plan, setup: fresh, buffers, uploads, before, scopes });
    for (const index of claimed) this.#filled.set(label(index), work);
    try {
      await work;
    } catch (error) {
      for (const index of claimed) {
        this.#buffers.get(label(index))?.destroy();
        this.#buffers.delete(label(index));
        this.#filled.delete(label(index));
      }
      throw error;
    }
    return new Map(kept.map((index) => [index, buffers[index]!]));
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
    this.#filled.clear();
  }

  /** The setup's dispatches whose results are not there yet, and the buffers that they and the plan need. */
  #missing({ buffers, setup }: Plan, kept: readonly number[]): { fresh: Dispatch[]; needed: Set<number> } {
    const needed = new Set(kept);
    const fresh: Dispatch[] = [];
    for (const dispatch of [...setup].reverse()) {
      if (!written(dispatch).some((index) => needed.has(index) && !this.#buffers.has(buffers[index]!.label))) continue;
      fresh.unshift(dispatch);
      for (const index of dispatch.buffers) needed.add(index);
    }
    return { fresh, needed };
  }

  /** The values of a constant, f32 row-major. */
  #values({ parameters, compute }: Constant): Float32Array {
    const sources = parameters.map((parameter) => this.#load(parameter));
    return compute ? compute(...sources) : sources[0]!;
  }

  #make(plan: Plan, index: number): GPUBuffer {
    const { label, bytes: size } = plan.buffers[index]!;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    return this.device.gpu.createBuffer({ label, size, usage });
  }

  #load({ name, shape }: Parameter): Float32Array {
    const tensor = this.file.tensors.get(name);
    if (!tensor) throw mismatch('weights', this.where, `tensor ${name}`, 'nothing', `shape (${shape.join(', ')})`);
    if (tensor.shape.join() !== shape.join()) {
      throw mismatch('weights', `${this.where}: ${name}`, 'shape', [...tensor.shape], `(${shape.join(', ')})`);
    }
    return tensor.data;
  }
}

/** Indices of the buffers that a dispatch writes. */
function written({ kernel, buffers }: Dispatch): number[] {
  const storage = kernel.shader.bindings.filter((binding) => binding.access !== 'uniform');
  return buffers.filter((_, i) => storage[i]!.access === 'write');
}
