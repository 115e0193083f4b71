// Fills constants on the device: uploads, and the dispatches of a plan's setup, each as soon as what it reads is there.
// It knows nothing of names nor of who shares the buffers (constants.ts).

import type { Dispatch, Plan } from '../graph/plan.ts';
import { bind } from './bind.ts';
import type { Device } from './device.ts';
import { Pace } from './pace.ts';
import { pipelineFor } from './pipelines.ts';
import type { Scopes } from './scopes.ts';

/** Bytes that one call uploads: a browser copies them at once, into memory that it may never have touched. */
const PIECE = 2 ** 20;

export interface Filling {
  readonly plan: Plan;
  /** The part of the plan's setup to run. */
  readonly setup: readonly Dispatch[];
  /** By index in `plan.buffers`; those that are not there are sources. */
  readonly buffers: (GPUBuffer | undefined)[];
  /** Values of the buffers to upload. */
  readonly uploads: Map<number, () => Float32Array>;
  /** What the setup reads is in the queue once these resolve. */
  readonly before: readonly Promise<void>[];
  /** Those that `buffers` were made in; their error is one of the filling. */
  readonly scopes: Scopes;
}

/**
 * Resolves when all is in the device's queue, and the device had no error. A source is made when it is first read and goes once it was last read: not
 * all of them are there at once. Works in short tasks; its pipelines are asked for before it first waits.
 */
export async function fill(device: Device, { plan, setup, buffers, uploads, before, scopes }: Filling): Promise<void> {
  const { gpu } = device;
  const compiling = Promise.all(
    setup.map(({ kernel, knobs, name, half }) => pipelineFor(device, kernel.shader, knobs, name, half)),
  );
  const lastUser = new Map(setup.flatMap((dispatch) => dispatch.buffers.map((index) => [index, dispatch] as const)));
  const passing = new Set<GPUBuffer>();
  const pass = (label: string, size: number, usage: number) => {
    const buffer = gpu.createBuffer({ label, size, usage });
    passing.add(buffer);
    return buffer;
  };
  const pace = new Pace();
  let batch: { encoder: GPUCommandEncoder; pass: GPUComputePassEncoder; used: GPUBuffer[] } | undefined;

  const encode = (dispatch: Dispatch, pipeline: GPUComputePipeline) => {
    batch ??= begin(gpu);
    const { used } = batch;
    const group = bind(gpu, dispatch, pipeline, buffers as GPUBuffer[], (label, size, usage) => {
      const uniform = pass(label, size, usage);
      used.push(uniform);
      return uniform;
    });
    batch.pass.setPipeline(pipeline);
    batch.pass.setBindGroup(0, group);
    batch.pass.dispatchWorkgroups(...dispatch.grid);
    for (const index of dispatch.buffers) {
      const buffer = buffers[index]!;
      if (lastUser.get(index) === dispatch && passing.has(buffer)) used.push(buffer);
    }
  };
  const submit = () => {
    if (!batch) return;
    batch.pass.end();
    gpu.queue.submit([batch.encoder.finish()]);
    for (const buffer of batch.used) {
      buffer.destroy();
      passing.delete(buffer);
    }
    batch = undefined;
  };
  const provide = async (index: number) => {
    const { label, bytes } = plan.buffers[index]!;
    scopes.within(() => {
      buffers[index] ??= pass(label, bytes, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
    });
    const values = uploads.get(index)?.();
    uploads.delete(index);
    for (let at = 0; values && at < values.byteLength; at += PIECE) {
      const piece = Math.min(PIECE, values.byteLength - at);
      scopes.within(() => gpu.queue.writeBuffer(buffers[index]!, at, values.buffer, values.byteOffset + at, piece));
      if (!pace.due) continue;
      scopes.within(submit);
      await pace.rest();
    }
  };

  try {
    const [pipelines] = await Promise.all([compiling, ...before]);
    for (const [i, dispatch] of setup.entries()) {
      for (const index of dispatch.buffers) await provide(index);
      scopes.within(() => encode(dispatch, pipelines[i]!));
    }
    scopes.within(submit);
    for (const index of [...uploads.keys()]) await provide(index);
    const failure = await scopes.failure();
    if (failure) throw failure;
  } finally {
    for (const buffer of passing) buffer.destroy();
  }
}

function begin(gpu: GPUDevice) {
  const encoder = gpu.createCommandEncoder({ label: 'setup' });
  return { encoder, pass: encoder.beginComputePass({ label: 'setup' }), used: [] as GPUBuffer[] };
}
