// Time by dispatch, from the device's own timestamps, and the adapter's arithmetic ceiling to hold it against.

import { PlumageError } from '../errors.ts';
import { type CopyKnobs, copy } from '../kernels/copy.ts';
import { type FmaPeakKnobs, fmaPeak } from '../kernels/fmaPeak.ts';
import type { Kernel } from '../kernels/kernel.ts';
import type { Knobs } from '../kernels/shader.ts';
import type { Device } from './device.ts';
import { pipelineFor } from './pipelines.ts';
import { encodeStep, type Feed, type Session } from './session.ts';

export interface LayerTime {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  readonly gflops: number;
  /** GB/s of the bytes that it must at least move. */
  readonly gigabytes: number;
}

/** Median milliseconds of each dispatch over `repeats` runs after one warm-up; needs `timestamp-query`. */
export async function profile(
  session: Session,
  feeds: Readonly<Record<string, Feed>>,
  repeats = 3,
): Promise<LayerTime[]> {
  const { device, steps } = session;
  const timer = makeTimer(device, steps.length);
  const samples: number[][] = steps.map(() => []);
  try {
    for (let run = 0; run <= repeats; run++) {
      session.write(feeds);
      const encoder = device.gpu.createCommandEncoder({ label: 'profile' });
      steps.forEach((step, i) => {
        const pass = encoder.beginComputePass({ label: step.dispatch.name, timestampWrites: timer.writes(i) });
        encodeStep(pass, step);
        pass.end();
      });
      const times = await timer.submit(encoder);
      if (run > 0) for (const [i, time] of times.entries()) samples[i]!.push(time);
    }
  } finally {
    timer.destroy();
  }
  return steps.map(({ dispatch }, i) => {
    const milliseconds = median(samples[i]!);
    return {
      name: dispatch.name,
      kernel: dispatch.kernel.name,
      milliseconds,
      gflops: dispatch.flops / milliseconds / 1e6,
      gigabytes: dispatch.bytes / milliseconds / 1e6,
    };
  });
}

/** A register-only kernel and what it reached. */
export interface PeakSample {
  readonly gflops: number;
  readonly workgroup: number;
  /** vec4f registers that each invocation multiplies and adds in turn. */
  readonly accumulators: number;
}

/** The best of `sweep`. */
export interface Peak extends PeakSample {
  readonly sweep: readonly PeakSample[];
}

/** The best of a sweep of register-only kernels: workgroups of 32 to 256, 1 to 8 vec4f accumulators. */
export async function measurePeak(device: Device): Promise<Peak> {
  const sweep: PeakSample[] = [];
  const sizes = [32, 64, 128, 256].filter((size) => size <= device.gpu.limits.maxComputeWorkgroupSizeX);
  for (const workgroup of sizes) {
    for (const accumulators of [1, 2, 3, 4, 6, 8]) {
      sweep.push({ workgroup, accumulators, gflops: await peakOf(device, workgroup, accumulators) });
    }
  }
  return { ...sweep.reduce((a, b) => (b.gflops > a.gflops ? b : a)), sweep };
}

/** Work grows until one dispatch takes 2 ms, so that neither start-up nor rounding of timestamps counts. */
async function peakOf(device: Device, WORKGROUP: number, ACCUMULATORS: number): Promise<number> {
  const GROUPS = device.description.software ? 16 : 4096;
  const knobs = (ROUNDS: number): FmaPeakKnobs => ({ WORKGROUP, GROUPS, ACCUMULATORS, ROUNDS });
  let best = 0;
  await timeAlone(device, fmaPeak, knobs(64), async (time) => {
    for (let rounds = 64, runs = 0; runs < 3; ) {
      const milliseconds = await time(knobs(rounds));
      if (milliseconds < 2 && rounds < 2 ** 20) {
        rounds *= 4;
      } else {
        best = Math.max(best, fmaPeak.flops(knobs(rounds)) / milliseconds / 1e6);
        runs++;
      }
    }
  });
  return best;
}

/** GB/s, read and written together, of a plain copy of 64 MiB: the best of 5. */
export async function measureCopy(device: Device): Promise<number> {
  const knobs: CopyKnobs = { WORKGROUP: 64, GROUPS: 16384, STEPS: 4 };
  const bytes = 2 * 4 * copy.elements(knobs).x!;
  let best = 0;
  await timeAlone(device, copy, knobs, async (time) => {
    for (let run = 0; run < 5; run++) best = Math.max(best, bytes / (await time(knobs)) / 1e6);
  });
  return best;
}

/** Buffers and a timer for one kernel outside any plan, bound in order; `time` gives milliseconds of one dispatch. */
async function timeAlone<K extends Knobs>(
  device: Device,
  kernel: Kernel<K>,
  sizes: K,
  work: (time: (knobs: K) => Promise<number>) => Promise<void>,
): Promise<void> {
  const { gpu } = device;
  const { name, shader } = kernel;
  const timer = makeTimer(device, 1);
  const elements = kernel.elements(sizes);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const buffers = shader.bindings.map((binding) =>
    gpu.createBuffer({ label: `${name} ${binding.name}`, size: Math.max(4 * elements[binding.name]!, 16), usage }),
  );
  gpu.queue.writeBuffer(buffers[0]!, 0, new Float32Array([0.5, 0.25]));
  try {
    await work(async (knobs) => {
      const pipeline = await pipelineFor(device, shader, knobs, name);
      const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
      const encoder = gpu.createCommandEncoder({ label: name });
      const pass = encoder.beginComputePass({ label: name, timestampWrites: timer.writes(0) });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.createBindGroup({ label: name, layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(...kernel.grid(knobs));
      pass.end();
      return (await timer.submit(encoder))[0]!;
    });
  } finally {
    for (const object of [...buffers, timer]) object.destroy();
  }
}

export interface Timer {
  writes(index: number): GPUComputePassTimestampWrites;
  /** Submits the encoder and gives milliseconds by index. */
  submit(encoder: GPUCommandEncoder): Promise<number[]>;
  destroy(): void;
}

export function makeTimer({ gpu, description }: Device, count: number): Timer {
  if (!gpu.features.has('timestamp-query')) {
    throw new PlumageError(
      'adapter',
      `profile: ${description.name} has no timestamp-query - profile on another adapter`,
    );
  }
  const bytes = 16 * count;
  const querySet = gpu.createQuerySet({ label: 'profile', type: 'timestamp', count: 2 * count });
  const resolved = gpu.createBuffer({
    label: 'profile resolve',
    size: bytes,
    usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
  });
  const read = gpu.createBuffer({
    label: 'profile read',
    size: bytes,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  return {
    writes: (index) => ({ querySet, beginningOfPassWriteIndex: 2 * index, endOfPassWriteIndex: 2 * index + 1 }),
    async submit(encoder) {
      encoder.resolveQuerySet(querySet, 0, 2 * count, resolved, 0);
      encoder.copyBufferToBuffer(resolved, 0, read, 0, bytes);
      gpu.queue.submit([encoder.finish()]);
      await read.mapAsync(GPUMapMode.READ);
      const ticks = new BigUint64Array(read.getMappedRange().slice(0));
      read.unmap();
      return Array.from({ length: count }, (_, i) => Number(ticks[2 * i + 1]! - ticks[2 * i]!) / 1e6);
    },
    destroy() {
      for (const object of [querySet, resolved, read]) object.destroy();
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
