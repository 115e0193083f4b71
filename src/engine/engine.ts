// open(): from an adapter to an engine that loads models. The same code in a page, a worker and Node.

import { PlumageError } from '../errors.ts';
import { type AdapterDescription, type Device, openDevice } from '../gpu/device.ts';
import { measurePeak, type Peak } from '../gpu/profile.ts';
import { Model } from './model.ts';

export interface OpenOptions {
  /** The adapter to use; by default what `navigator.gpu` offers first. In Node, `plumage/node` finds one. */
  readonly adapter?: GPUAdapter;
  /** Ask the adapter for nothing beyond WebGPU's default limits and features. */
  readonly defaultLimits?: boolean;
}

/** An engine on one device. Rejects with code `adapter` where there is no WebGPU. */
export async function open(options: OpenOptions = {}): Promise<Engine> {
  const adapter = options.adapter ?? (await pageAdapter());
  return new Engine(await openDevice(adapter, options));
}

async function pageAdapter(): Promise<GPUAdapter> {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  if (!gpu) {
    const advice = 'use Chrome or Edge 113, Safari 26 or Firefox 141 or later, over https or localhost';
    throw new PlumageError('adapter', `open: WebGPU, got nothing, expected navigator.gpu - ${advice}`);
  }
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return adapter;
  throw new PlumageError(
    'adapter',
    'open: no WebGPU adapter - switch hardware acceleration on in the browser settings',
  );
}

export class Engine {
  /** Use `open`. */
  constructor(readonly device: Device) {}

  get adapter(): AdapterDescription {
    return this.device.description;
  }

  /** Resolves with the reason when the device is lost or destroyed. */
  get lost(): Promise<GPUDeviceLostInfo> {
    return this.device.gpu.lost;
  }

  /**
   * A model from the bytes of a weights file or from its address. Rejects with code `weights` when the file is damaged
   * or does not fit its model, and with code `network` when it cannot be had.
   */
  async load(source: Uint8Array | string, where?: string): Promise<Model> {
    const bytes = typeof source === 'string' ? await download(source) : source;
    return Model.load(this.device, bytes, where ?? (typeof source === 'string' ? source : 'weights'));
  }

  /** The adapter's arithmetic ceiling; takes a few seconds. */
  measurePeak(): Promise<Peak> {
    return measurePeak(this.device);
  }

  /** Frees the device and all that is on it. */
  close(): void {
    this.device.gpu.destroy();
  }
}

async function download(url: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    throw new PlumageError('network', `${url}: cannot be fetched, ${(error as Error).message} - check the address`);
  }
  if (!response.ok)
    throw new PlumageError('network', `${url}: status, got ${response.status}, expected 200 - check the address`);
  return new Uint8Array(await response.arrayBuffer());
}
