// How long a session's steps take on the device, for the tuner: by timestamps, or without them by the wall clock.

import type { Device } from './device.ts';
import { makeTimer, type Timer } from './profile.ts';
import { encodeStep, mapped, type Session } from './session.ts';

/** Milliseconds that make the steps of a clock not matter (a page's timestamps: 0.1 ms), and the most repeats to get there. */
const ENOUGH = 10;
const MOST_REPEATS = 4096;

export type Clock = Omit<Timer, 'writes'> & { writes(index: number): GPUComputePassTimestampWrites | undefined };

export const clockOf = (device: Device): Clock =>
  device.gpu.features.has('timestamp-query') ? makeTimer(device, 1) : makeWallClock(device);

/**
 * The wall clock from submission until 4 bytes have come back, less what that takes with nothing to do: the least of five, so
 * that a slow one makes no form look fast.
 */
function makeWallClock(device: Device): Clock {
  const { gpu } = device;
  const make = (usage: number) => gpu.createBuffer({ label: 'tune clock', size: 4, usage });
  const [from, to] = [make(GPUBufferUsage.COPY_SRC), make(GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ)];
  const wait = async (encoder: GPUCommandEncoder) => {
    encoder.copyBufferToBuffer(from, 0, to, 0, 4);
    const start = performance.now();
    gpu.queue.submit([encoder.finish()]);
    await mapped(device, 'tune', [to]);
    to.unmap();
    return performance.now() - start;
  };
  const idle = async () => {
    const times: number[] = [];
    while (times.length < 5) times.push(await wait(gpu.createCommandEncoder({ label: 'tune clock' })));
    return Math.min(...times);
  };
  let latency: number | undefined;
  return {
    writes: () => undefined,
    async submit(encoder) {
      latency ??= await idle();
      return [(await wait(encoder)) - latency];
    },
    destroy() {
      from.destroy();
      to.destroy();
    },
  };
}

/** Milliseconds of the session's steps, `repeats` times. */
export async function timeOf({ device, steps }: Session, repeats: number, clock: Clock): Promise<number> {
  const encoder = device.gpu.createCommandEncoder({ label: 'tune' });
  const pass = encoder.beginComputePass({ label: 'tune', timestampWrites: clock.writes(0) });
  for (let i = 0; i < repeats; i++) for (const step of steps) encodeStep(pass, step);
  pass.end();
  return (await clock.submit(encoder))[0]!;
}

/**
 * How many repeats take at least ENOUGH, found by doubling; undefined where it got late. A clock that stands still must not
 * make them many: what took ten times as long by the wall clock is not doubled.
 */
export async function enoughRepeats(
  time: (repeats: number) => Promise<number>,
  late: () => boolean,
): Promise<number | undefined> {
  for (let repeats = 1; ; repeats *= 2) {
    if (late()) return undefined;
    const start = performance.now();
    const milliseconds = await time(repeats);
    const waited = performance.now() - start;
    if (milliseconds >= ENOUGH || waited >= 10 * ENOUGH || repeats >= MOST_REPEATS) return repeats;
  }
}
