// The device that GPU tests share. The runner sets `globalThis.plumageAdapter` first: from Dawn in Node, from
// navigator.gpu in Chrome. Without an adapter the tests fail; they are never skipped.

import { type Device, type DeviceOptions, openDevice } from '../../src/gpu/device.ts';

declare global {
  /** A fresh adapter on every call: a device uses its adapter up. */
  var plumageAdapter: (() => Promise<GPUAdapter | null>) | undefined;
}

let shared: Promise<Device> | undefined;

/** The shared device; opened at first use. */
export function testDevice(): Promise<Device> {
  shared ??= freshDevice();
  return shared;
}

let half: Promise<Device> | undefined;

/** The shared device of precision f16; rejects where the adapter has none. */
export function halfDevice(): Promise<Device> {
  half ??= freshDevice({ precision: 'f16' });
  return half;
}

/** A device of its own, for tests that destroy it or want other limits. */
export async function freshDevice(options?: DeviceOptions): Promise<Device> {
  const adapter = await globalThis.plumageAdapter?.();
  if (!adapter) throw new Error('no WebGPU adapter: GPU tests cannot run');
  const device = await openDevice(adapter, options);
  device.gpu.addEventListener('uncapturederror', (event) => {
    console.error(`uncaptured GPU error: ${(event as GPUUncapturedErrorEvent).error.message}`);
  });
  return device;
}
