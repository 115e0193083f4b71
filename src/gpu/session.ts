// A session: a plan on a device. Buffers, pipelines and bind groups are made once in open(); run() writes the feeds,
// encodes one pass, submits it and reads back, and creates nothing. A long plan is a few passes with a submit each.

import { mismatch, PlumageError } from '../errors.ts';
import type { Dispatch, Plan, Port } from '../graph/plan.ts';
import type { Tensor } from '../graph/tensor.ts';
import { bind } from './bind.ts';
import type { Weights } from './constants.ts';
import type { Device } from './device.ts';
import { pipelineFor } from './pipelines.ts';
import { Scopes } from './scopes.ts';
import type { States } from './states.ts';
import { submitsOf } from './submits.ts';

export type Feed = Float32Array | Uint32Array | Uint8Array;

/** A dispatch made ready: what profile.ts and run() encode. */
export interface Step {
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/**
 * Buffers, pipelines and bind groups for `plan`; rejects when the device is lost, out of memory or the plan invalid.
 * `weights` for a plan with constants, `states` for one with states; sessions may share both.
 */
export async function open(device: Device, plan: Plan, weights?: Weights, states?: States): Promise<Session> {
  checkAlive(device);
  const { gpu } = device;
  const scopes = new Scopes(gpu, plan);
  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const owned: GPUBuffer[] = [];
  const make = (label: string, size: number, usage: number) => {
    const buffer = gpu.createBuffer({ label, size, usage });
    owned.push(buffer);
    return buffer;
  };
  let steps: Step[] = [];
  let failure: unknown;
  const buffers = scopes.within(() =>
    plan.buffers.map(({ label, bytes, role }) => (role === 'slot' ? make(label, bytes, storage) : undefined)),
  );
  try {
    const [constant] = plan.constants;
    if (constant && !weights) {
      throw mismatch('internal', 'open', `weights for ${constant.name}`, 'none', 'a Weights object');
    }
    const [state] = plan.states;
    if (state && !states) throw mismatch('internal', 'open', `states for ${state.name}`, 'none', 'a States object');
    const held = scopes.within(() => states?.provide(plan));
    for (const [index, buffer] of held ?? []) buffers[index] = buffer;
    // First, so that the setup's pipelines are compiled first and weights upload while the others are compiled.
    const providing = weights?.provide(plan);
    const compiling = plan.dispatches.map((d) => pipelineFor(device, d.kernel.shader, d.knobs, d.name, d.half));
    const compiled = Promise.all(compiling);
    compiled.catch(() => {}); // reported below, also when an upload fails first
    for (const [index, buffer] of (await providing) ?? []) buffers[index] = buffer;
    const pipelines = await compiled;
    steps = scopes.within(() =>
      plan.dispatches.map((dispatch, i) => {
        const pipeline = pipelines[i]!;
        return { dispatch, pipeline, bindGroup: bind(gpu, dispatch, pipeline, buffers as GPUBuffer[], make) };
      }),
    );
  } catch (error) {
    failure = error;
  }
  const refused = await scopes.failure();
  if (refused?.code === 'limit') failure = refused;
  failure ??= refused;
  if (device.lostReason !== undefined) failure = lost(device);
  if (failure) {
    for (const buffer of owned) buffer.destroy();
    throw failure;
  }
  return new Session(device, plan, buffers as GPUBuffer[], steps, owned);
}

export class Session {
  readonly #idle: GPUBuffer[][] = [];
  readonly #submits: readonly (readonly Step[])[];
  #closed = false;

  /** Use `open`. */
  constructor(
    readonly device: Device,
    readonly plan: Plan,
    readonly buffers: readonly GPUBuffer[],
    readonly steps: readonly Step[],
    private readonly owned: GPUBuffer[],
  ) {
    this.#submits = submitsOf(steps, plan.target.family);
  }

  /**
   * One pass over the plan: feeds by input name (f32 or u32 as the input says, row-major), outputs by name.
   * May be called again before earlier calls have answered; answers come in order.
   */
  async run(feeds: Readonly<Record<string, Feed>>): Promise<Record<string, Tensor>> {
    this.write(feeds);
    const { gpu } = this.device;
    const staging = this.#idle.pop() ?? this.#makeStaging();
    for (const [i, steps] of this.#submits.entries()) {
      const encoder = gpu.createCommandEncoder({ label: 'run' });
      const pass = encoder.beginComputePass({ label: 'run' });
      for (const step of steps) encodeStep(pass, step);
      pass.end();
      if (i === this.#submits.length - 1) this.#copyOutputs(encoder, staging);
      gpu.queue.submit([encoder.finish()]);
    }
    const outputs = await this.#read(staging);
    if (this.#closed) for (const buffer of staging) buffer.destroy();
    else this.#idle.push(staging);
    return outputs;
  }

  /** Checks the feeds and queues them for upload; run() and profiles begin with it. */
  write(feeds: Readonly<Record<string, Feed>>): void {
    checkAlive(this.device);
    if (this.#closed) throw new PlumageError('input', 'run: the session is closed - open it again');
    const names = this.plan.inputs.map((port) => port.name);
    for (const name of Object.keys(feeds)) {
      if (!names.includes(name)) throw mismatch('input', 'run', 'feed', name, `only ${names.join(', ')}`);
    }
    for (const port of this.plan.inputs) checkFeed(port, feeds[port.name]);
    for (const { name, buffer } of this.plan.inputs) {
      const data = feeds[name]!;
      this.device.gpu.queue.writeBuffer(this.buffers[buffer]!, 0, data.buffer, data.byteOffset, data.byteLength);
    }
  }

  /** Frees the session's GPU memory; weights stay with their owner. */
  close(): void {
    this.#closed = true;
    for (const buffer of [...this.owned, ...this.#idle.flat()]) buffer.destroy();
    this.#idle.length = 0;
  }

  #makeStaging(): GPUBuffer[] {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    return this.plan.outputs.map(({ name, shape }) =>
      this.device.gpu.createBuffer({ label: `read ${name}`, size: 4 * count(shape), usage }),
    );
  }

  #copyOutputs(encoder: GPUCommandEncoder, staging: readonly GPUBuffer[]): void {
    this.plan.outputs.forEach((port, i) => {
      encoder.copyBufferToBuffer(this.buffers[port.buffer]!, 0, staging[i]!, 0, staging[i]!.size);
    });
  }

  async #read(staging: readonly GPUBuffer[]): Promise<Record<string, Tensor>> {
    await mapped(this.device, 'run', staging);
    const entries = this.plan.outputs.map(({ name, shape }, i) => {
      const data = new Float32Array(staging[i]!.getMappedRange().slice(0));
      staging[i]!.unmap();
      return [name, { shape, data }] as const;
    });
    return Object.fromEntries(entries);
  }
}

export function encodeStep(pass: GPUComputePassEncoder, { pipeline, bindGroup, dispatch }: Step): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(...dispatch.grid);
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function checkFeed({ name, shape, dtype, capacity }: Port, feed: Feed | undefined): void {
  const full = count(shape);
  if (!feed) throw mismatch('input', 'run', `feed ${name}`, 'nothing', `${full} values (${shape.join(', ')})`);
  if (dtype === 'f32' && !(feed instanceof Float32Array)) {
    throw mismatch('input', 'run', `type of feed ${name}`, feed.constructor.name, 'Float32Array');
  }
  if (dtype === 'u32' && !(feed instanceof Uint32Array || feed instanceof Uint8Array)) {
    throw mismatch('input', 'run', `type of feed ${name}`, feed.constructor.name, 'Uint32Array or Uint8Array');
  }
  const length = feed.byteLength / 4;
  if (capacity ? length > full || length === 0 || !Number.isInteger(length) : length !== full) {
    const expected = `${capacity ? 'at most ' : ''}${full} (${shape.join(', ')})`;
    throw mismatch('input', 'run', `length of feed ${name}`, length, expected);
  }
}

/** Waits until buffers can be read. Rejects with code `lost` where the device is lost meanwhile; it may say so a bit later. */
export async function mapped(device: Device, where: string, buffers: readonly GPUBuffer[]): Promise<void> {
  try {
    await Promise.all(buffers.map((buffer) => buffer.mapAsync(GPUMapMode.READ)));
  } catch (error) {
    await Promise.race([device.gpu.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
    checkAlive(device);
    throw new PlumageError('internal', `${where}: read-back failed, ${(error as Error).message.split('\n')[0]}`);
  }
  checkAlive(device);
}

function lost(device: Device): PlumageError {
  return new PlumageError('lost', `device lost (${device.lostReason}) - open the session again on a new device`);
}

function checkAlive(device: Device): void {
  if (device.lostReason !== undefined) throw lost(device);
}
