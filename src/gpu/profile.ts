// Time by dispatch, from the device's own timestamps. What to hold it against is in ceilings.ts.

import { PlumageError } from '../errors.ts';
import type { Device } from './device.ts';
import { encodeStep, type Feed, mapped, type Session } from './session.ts';
import { submitsOf } from './submits.ts';

export interface LayerTime {
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  /** GFLOP/s, 0 where the clock's steps are too long for a time: pages have timestamps in steps of 0.1 ms. */
  readonly gflops: number;
  /** GB/s of the bytes that it must at least move, 0 likewise. */
  readonly gigabytes: number;
}

/** Median milliseconds of each dispatch over `repeats` runs after one warm-up; needs `timestamp-query`. Rejects as runs do. */
export async function profile(
  session: Session,
  feeds: Readonly<Record<string, Feed>>,
  repeats = 3,
): Promise<LayerTime[]> {
  const { device, steps, plan } = session;
  const submits = submitsOf(steps, plan.target.family);
  const timer = makeTimer(device, steps.length);
  const samples: number[][] = steps.map(() => []);
  try {
    for (let run = 0; run <= repeats; run++) {
      session.write(feeds);
      let encoder = device.gpu.createCommandEncoder({ label: 'profile' });
      let next = 0;
      for (const part of submits) {
        if (next > 0) {
          device.gpu.queue.submit([encoder.finish()]);
          encoder = device.gpu.createCommandEncoder({ label: 'profile' });
        }
        for (const step of part) {
          const pass = encoder.beginComputePass({ label: step.dispatch.name, timestampWrites: timer.writes(next++) });
          encodeStep(pass, step);
          pass.end();
        }
      }
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
      gflops: speed(dispatch.flops, milliseconds),
      gigabytes: speed(dispatch.bytes, milliseconds),
    };
  });
}

/** Billions a second, 0 where no time was measured. */
export const speed = (amount: number, milliseconds: number): number =>
  milliseconds > 0 ? amount / milliseconds / 1e6 : 0;

export interface Timer {
  writes(index: number): GPUComputePassTimestampWrites;
  /** Submits the encoder and gives milliseconds by index. */
  submit(encoder: GPUCommandEncoder): Promise<number[]>;
  destroy(): void;
}

export function makeTimer(device: Device, count: number): Timer {
  const { gpu, description } = device;
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
      await mapped(device, 'profile', [read]);
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
