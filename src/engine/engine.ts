// open(): from an adapter to an engine that loads models. The same code in a page, a worker and Node.

import { PlumageError } from '../errors.ts';
import { type AdapterDescription, adapterKey, type Choices, type Device, openDevice } from '../gpu/device.ts';
import type { Precision } from '../graph/target.ts';
import { readChoices } from './choices.ts';
import { Model } from './model.ts';

export interface OpenOptions {
  /** The adapter to use; by default what `navigator.gpu` offers first. In Node, `plumage/node` finds one. */
  readonly adapter?: GPUAdapter;
  /** Ask the adapter for nothing beyond WebGPU's default limits and features. */
  readonly defaultLimits?: boolean;
  /** Which form of a kernel each layer gets: by default what `plumage/measure` has kept in this browser; `{}` for none of it. */
  readonly choices?: Choices;
  /**
   * `f16` stores weights and most values in half the memory and computes in f32 as ever; for the price in accuracy see
   * docs/performance.md. Rejects with code `adapter` where the adapter cannot. By default `f32`.
   */
  readonly precision?: Precision;
}

/** An engine on one device. Rejects with code `adapter` where there is no WebGPU. */
export async function open(options: OpenOptions = {}): Promise<Engine> {
  const adapter = options.adapter ?? (await pageAdapter());
  const choices = options.choices ?? (await readChoices(adapterKey(adapter.info)));
  return new Engine(await openDevice(adapter, { ...options, choices }));
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

  /** How values are stored. */
  get precision(): Precision {
    return this.device.target.precision ?? 'f32';
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
  const announced = Number(response.headers.get('content-length'));
  try {
    return await readBody(response.body!, announced);
  } catch (error) {
    throw new PlumageError('network', `${url}: broke off, ${(error as Error).message} - try again`);
  }
}

/** Bytes as they come into one array, which grows where the announced length was that of a compressed body, or none. */
async function readBody(body: ReadableStream<Uint8Array>, announced: number): Promise<Uint8Array> {
  let bytes = new Uint8Array(announced || 2 ** 20);
  let length = 0;
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return bytes.subarray(0, length);
    if (length + value.length > bytes.length) {
      const grown = new Uint8Array(Math.max(2 * bytes.length, length + value.length));
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    bytes.set(value, length);
    length += value.length;
  }
}
