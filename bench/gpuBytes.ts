// Counts the bytes of every engine's GPU buffers where they are made and destroyed: the same measure for all.

interface Count {
  now: number;
  peak: number;
}

const counts = new Map<string, Count>();
const ownerOf = new WeakMap<GPUDevice, Count>();
const bufferOf = new WeakMap<GPUBuffer, Count>();
let opening: Count | undefined;

/** Wraps the calls that make devices and buffers; once, before any engine is loaded. */
export function countBuffers(): void {
  if (!globalThis.GPUAdapter) return;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (...args) {
    const owner = opening;
    const device = await requestDevice.apply(this, args);
    if (owner) ownerOf.set(device, owner);
    return device;
  };
  const { createBuffer } = GPUDevice.prototype;
  GPUDevice.prototype.createBuffer = function (...args) {
    const buffer = createBuffer.apply(this, args);
    const owner = ownerOf.get(this);
    if (owner) {
      bufferOf.set(buffer, owner);
      owner.now += buffer.size;
      owner.peak = Math.max(owner.peak, owner.now);
    }
    return buffer;
  };
  const { destroy } = GPUBuffer.prototype;
  GPUBuffer.prototype.destroy = function () {
    const owner = bufferOf.get(this);
    if (owner) owner.now -= this.size;
    bufferOf.delete(this);
    return destroy.apply(this);
  };
}

/** What an engine holds: devices that are opened `during` its work are its own. */
export function heldBy(name: string) {
  const count = counts.get(name) ?? { now: 0, peak: 0 };
  counts.set(name, count);
  return {
    bytes: () => ({ ...count }),
    async during<T>(work: () => Promise<T>): Promise<T> {
      opening = count;
      try {
        return await work();
      } finally {
        opening = undefined;
      }
    },
  };
}
