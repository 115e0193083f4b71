// What an adapter can do at most, in arithmetic and in copying, measured by a kernel each outside any plan. Apart from
// profile.ts, so that a page that only classifies carries neither kernel.

import { type CopyKnobs, copy } from '../kernels/copy.ts';
import { type FmaPeakKnobs, fmaPeak } from '../kernels/fmaPeak.ts';
import type { Kernel } from '../kernels/kernel.ts';
import type { Knobs } from '../kernels/shader.ts';
import type { Device } from './device.ts';
import { pipelineFor } from './pipelines.ts';
import { makeTimer } from './profile.ts';

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

/**
 * The best of a sweep of register-only kernels: workgroups of 32 to 256, 1 to 8 vec4f accumulators, each multiplied `chain`
 * times in a row. With 1 the loop's own control counts: a software adapter reaches a fifth of what it does with 8.
 */
export async function measurePeak(device: Device, chain: 1 | 8 = 8): Promise<Peak> {
  const sweep: PeakSample[] = [];
  const sizes = [32, 64, 128, 256].filter((size) => size <= device.gpu.limits.maxComputeWorkgroupSizeX);
  for (const workgroup of sizes) {
    for (const accumulators of [1, 2, 3, 4, 6, 8]) {
      sweep.push({ workgroup, accumulators, gflops: await peakOf(device, workgroup, accumulators, chain) });
    }
  }
  return { ...sweep.reduce((a, b) => (b.gflops > a.gflops ? b : a)), sweep };
}

/** Work grows until one dispatch takes 2 ms, so that neither start-up nor rounding of timestamps counts. */
async function peakOf(device: Device, WORKGROUP: number, ACCUMULATORS: number, CHAIN: number): Promise<number> {
  const GROUPS = device.description.software ? 16 : 4096;
  const knobs = (ROUNDS: number): FmaPeakKnobs => ({ WORKGROUP, GROUPS, ACCUMULATORS, ROUNDS, CHAIN });
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

/** GB/s, read and written together, of a plain copy of 64 MiB, as often as takes 2 ms: the best of 5. */
export async function measureCopy(device: Device): Promise<number> {
  const knobs: CopyKnobs = { WORKGROUP: 64, GROUPS: 16384, STEPS: 4 };
  const bytes = 2 * 4 * copy.elements(knobs).x!;
  let best = 0;
  await timeAlone(device, copy, knobs, async (time) => {
    for (let times = 1, runs = 0; runs < 5; ) {
      const milliseconds = await time(knobs, times);
      if (milliseconds < 2 && times < 256) {
        times *= 2;
      } else {
        best = Math.max(best, (times * bytes) / milliseconds / 1e6);
        runs++;
      }
    }
  });
  return best;
}

/** Buffers and a timer for one kernel outside any plan, bound in order; `time` gives milliseconds of so many dispatches. */
async function timeAlone<K extends Knobs>(
  device: Device,
  kernel: Kernel<K>,
  sizes: K,
  work: (time: (knobs: K, times?: number) => Promise<number>) => Promise<void>,
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
    await work(async (knobs, times = 1) => {
      const pipeline = await pipelineFor(device, shader, knobs, name);
      const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
      const encoder = gpu.createCommandEncoder({ label: name });
      const pass = encoder.beginComputePass({ label: name, timestampWrites: timer.writes(0) });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, gpu.createBindGroup({ label: name, layout: pipeline.getBindGroupLayout(0), entries }));
      for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...kernel.grid(knobs));
      pass.end();
      return (await timer.submit(encoder))[0]!;
    });
  } finally {
    for (const object of [...buffers, timer]) object.destroy();
  }
}
