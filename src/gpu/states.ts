// States on the device: values that live from run to run and that runs change in place. Sessions of several plans share
// them by name. What they hold, and how files store it, is the trainer's.

import { mismatch, PlumageError } from '../errors.ts';
import type { Plan } from '../graph/plan.ts';
import type { Device } from './device.ts';

/** Bytes that are read back at a time. */
const STAGING_BYTES = 16 * 2 ** 20;

export class States {
  readonly #buffers = new Map<string, GPUBuffer>();

  constructor(readonly device: Device) {}

  get names(): string[] {
    return [...this.#buffers.keys()];
  }

  /** Bytes on the device. */
  get bytes(): number {
    return [...this.#buffers.values()].reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** The buffers of all states of a plan, by index in `plan.buffers`. New ones hold zeros. */
  provide(plan: Plan): Map<number, GPUBuffer> {
    return new Map(plan.states.map(({ name, buffer }) => [buffer, this.#provide(name, plan.buffers[buffer]!.bytes)]));
  }

  #provide(name: string, size: number): GPUBuffer {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = this.#buffers.get(name) ?? this.device.gpu.createBuffer({ label: name, size, usage });
    if (buffer.size !== size) throw mismatch('internal', `state ${name}`, 'bytes', size, buffer.size);
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /** Sets a state's values, in the order that the device has them; what runs later sees them. */
  write(name: string, values: Float32Array): void {
    const buffer = this.#find(name);
    if (buffer.size - values.byteLength < 0 || buffer.size - values.byteLength >= 16) {
      throw mismatch('internal', `state ${name}`, 'values', values.length, buffer.size / 4);
    }
    this.device.gpu.queue.writeBuffer(buffer, 0, values.buffer, values.byteOffset, values.byteLength);
  }

  /** A state's values after all runs so far, filled up to a multiple of 4. */
  async read(name: string): Promise<Float32Array> {
    const { gpu } = this.device;
    const buffer = this.#find(name);
    const values = new Float32Array(buffer.size / 4);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = gpu.createBuffer({
      label: `read ${name}`,
      size: Math.min(buffer.size, STAGING_BYTES),
      usage,
    });
    try {
      for (let at = 0; at < buffer.size; at += staging.size) {
        const size = Math.min(staging.size, buffer.size - at);
        const encoder = gpu.createCommandEncoder({ label: `read ${name}` });
        encoder.copyBufferToBuffer(buffer, at, staging, 0, size);
        gpu.queue.submit([encoder.finish()]);
        await staging.mapAsync(GPUMapMode.READ, 0, size);
        values.set(new Float32Array(staging.getMappedRange(0, size)), at / 4);
        staging.unmap();
      }
    } catch (error) {
      const lost = this.device.lostReason;
      if (lost !== undefined)
        throw new PlumageError('lost', `state ${name}: device lost (${lost}) - resume from a checkpoint`);
      throw new PlumageError('internal', `state ${name}: read-back failed, ${(error as Error).message}`);
    } finally {
      staging.destroy();
    }
    return values;
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) buffer.destroy();
    this.#buffers.clear();
  }

  #find(name: string): GPUBuffer {
    const buffer = this.#buffers.get(name);
    if (!buffer) throw new PlumageError('internal', `state ${name}: unknown - open a session of its plan first`);
    return buffer;
  }
}
