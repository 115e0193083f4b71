// What a device could not make. Error scopes are one stack a device: each is pushed and popped without waiting in between,
// so that calls that overlap never get each other's errors.

import { PlumageError } from '../errors.ts';
import type { Plan } from '../graph/plan.ts';

/** Collects the errors of all that is made for one plan, piece by piece. */
export class Scopes {
  readonly #memory: Promise<GPUError | null>[] = [];
  readonly #invalid: Promise<GPUError | null>[] = [];

  constructor(
    private readonly gpu: GPUDevice,
    private readonly plan: Plan,
  ) {}

  /** Does `make`, which must not wait. */
  within<T>(make: () => T): T {
    this.gpu.pushErrorScope('out-of-memory');
    this.gpu.pushErrorScope('validation');
    try {
      return make();
    } finally {
      this.#invalid.push(popped(this.gpu));
      this.#memory.push(popped(this.gpu));
    }
  }

  /** The error, where one of the pieces had one. */
  async failure(): Promise<PlumageError | undefined> {
    const [memory, invalid] = await Promise.all([Promise.all(this.#memory), Promise.all(this.#invalid)]);
    if (memory.some((error) => error)) {
      const { activationBytes, constantBytes, stateBytes } = this.plan;
      const mib = ((activationBytes + constantBytes + stateBytes) / 2 ** 20).toFixed(0);
      const what = `out of GPU memory, the plan needs ${mib} MiB`;
      return new PlumageError('limit', `open: ${what} - use a smaller image`);
    }
    const [first] = invalid.flatMap((error) => error ?? []);
    return first && new PlumageError('internal', `open: ${first.message.split('\n')[0]}`);
  }
}

/** A lost device says no more; that it is lost is found out elsewhere. */
const popped = (gpu: GPUDevice): Promise<GPUError | null> => gpu.popErrorScope().catch(() => null);
