// open(): from an adapter to an engine that loads models. The same code in a page, a worker and Node.

import { PlumageError } from '../errors.ts';
import { type AdapterDescription, adapterKey, type Choices, type Device, openDevice } from '../gpu/device.ts';
import type { Precision } from '../graph/target.ts';
import { type Abortable, abortable } from './abort.ts';
import { readChoices } from './choices.ts';
import { type DownloadOptions, download } from './download.ts';
import { type Host, Model } from './model.ts';

export interface OpenOptions extends Abortable, Pick<DownloadOptions, 'onProgress'> {
  /**
   * The adapter to use, or a function that asks for one, which is asked again when the device is lost. By default what
   * `navigator.gpu` offers first; in Node, `plumage/node` finds one.
   */
  readonly adapter?: GPUAdapter | (() => Promise<GPUAdapter>);
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

export interface LoadOptions extends DownloadOptions {
  /** What errors call the file; by default its address. */
  readonly where?: string;
}

/** An engine on one device. Rejects with code `adapter` where there is no WebGPU. `onProgress` is that of all its loads. */
export async function open(options: OpenOptions = {}): Promise<Engine> {
  const { adapter: given, signal, onProgress } = options;
  const openOn = async (adapter: GPUAdapter) => {
    const choices = options.choices ?? (await readChoices(adapterKey(adapter.info)));
    return openDevice(adapter, { ...options, choices });
  };
  return abortable(signal, 'open', async () => {
    if (typeof given === 'object') return new Engine(await openOn(given), { onProgress }); // it is used up by its device
    const find = given ?? pageAdapter;
    return new Engine(await openOn(await find()), { onProgress, reopen: async () => openOn(await find()) });
  });
}

async function pageAdapter(): Promise<GPUAdapter> {
  const gpu = globalThis.navigator?.gpu as GPU | undefined;
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter?.info) return adapter;
  const why =
    gpu && !adapter
      ? 'no WebGPU adapter - switch hardware acceleration on in the browser settings'
      : 'no usable WebGPU - use Chrome or Edge 127, Safari 26 or Firefox 141 or later, over https or localhost; in Node give an adapter from plumage/node';
  throw new PlumageError('adapter', `open: ${why}`);
}

interface Surroundings extends Pick<DownloadOptions, 'onProgress'> {
  /** Another device where the one in use is lost. */
  readonly reopen?: () => Promise<Device>;
}

/** Waits between attempts to get another device: a browser restarts its GPU process meanwhile. */
const PAUSES = [0, 100, 500, 1000, 2000];

/** Dispatches `restored` when another device has taken the place of a lost one. */
export class Engine extends EventTarget implements Host {
  #device: Device;
  #restoring: Promise<void> | undefined;
  #disposed = false;

  /** Use `open`. */
  constructor(
    device: Device,
    private readonly surroundings: Surroundings = {},
  ) {
    super();
    this.#device = device;
  }

  /** The device in use. */
  get device(): Device {
    return this.#device;
  }

  get adapter(): AdapterDescription {
    return this.#device.description;
  }

  /** How values are stored. */
  get precision(): Precision {
    return this.#device.target.precision ?? 'f32';
  }

  /** Resolves with the reason when the device in use is lost or destroyed. */
  get lost(): Promise<GPUDeviceLostInfo> {
    return this.#device.gpu.lost;
  }

  /**
   * A model from the bytes of a weights file or from its address. Rejects with code `weights` when the file is damaged
   * or does not fit its model, with `network` when it cannot be had, and with `aborted` when the signal fires.
   */
  async load(source: Uint8Array | ArrayBuffer | Blob | string | URL, options: LoadOptions = {}): Promise<Model> {
    const { onProgress = this.surroundings.onProgress, signal } = options;
    const isAddress = typeof source === 'string' || source instanceof URL;
    const where = options.where ?? (isAddress ? `${source}` : source instanceof File ? source.name : 'weights');
    return abortable(signal, where, async () => {
      const bytes = isAddress ? await download(`${source}`, { ...options, onProgress }) : await bytesOf(source);
      return Model.load(this, bytes, where, { signal, onProgress });
    });
  }

  /**
   * Puts another device in the place of the lost one, once for all that ask; models call it. Rejects with code `lost` where
   * there is none to be had.
   */
  async restore(lost: Device): Promise<void> {
    if (this.#device !== lost) return;
    this.#restoring ??= this.#reopen().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  async #reopen(): Promise<void> {
    const { reopen } = this.surroundings;
    let reason = reopen ? '' : 'its adapter was given and is used up';
    for (const pause of reopen ? PAUSES : []) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.#disposed) break;
      try {
        this.#device = await reopen!();
        if (this.#disposed) this.#device.gpu.destroy();
        this.dispatchEvent(new Event('restored'));
        return;
      } catch (error) {
        reason = (error as Error).message;
      }
    }
    const what = this.#disposed ? 'the engine is disposed of' : `device lost, and no other one: ${reason}`;
    throw new PlumageError('lost', `${what} - open an engine again`);
  }

  /** Frees the device and all that is on it. */
  dispose(): void {
    this.#disposed = true;
    this.#device.gpu.destroy();
  }
}

async function bytesOf(source: Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  return new Uint8Array(source instanceof Blob ? await source.arrayBuffer() : source);
}
