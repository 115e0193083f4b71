// Where a model runs for the command: Dawn in this process, or a headless Chrome. Both load the same engine.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import type { HostApi, PlainTensor } from '../../web/host.ts';
import type { Photo } from '../data/decode.ts';
import { type Engine, open } from '../engine/engine.ts';
import type { Prediction } from '../engine/likeliest.ts';
import type { Classification, Model } from '../engine/model.ts';
import type { OpenTimes } from '../engine/sharedSession.ts';
import { PlumageError } from '../errors.ts';
import { measurePeak, type Peak } from '../gpu/ceilings.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { LayerTime } from '../gpu/profile.ts';
import { printPlan } from '../graph/print.ts';
import type { Precision } from '../graph/target.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ModelConfig } from '../model/config.ts';
import { unwrap } from '../worker/messages.ts';
import { openAdapter, releaseAdapters } from './adapter.ts';
import { launchBrowser } from './browser.ts';
import { keptChoices } from './choices.ts';
import { type FolderServer, serveFolder } from './serve.ts';

export interface Runtime {
  readonly adapter: AdapterDescription;
  /** `Dawn in Node` or the browser with its version. */
  readonly host: string;
  /** Reads a weights file from disk and gives the configuration in it. */
  load(file: string): Promise<ModelConfig>;
  prepare(photo: Photo): Promise<OpenTimes>;
  classify(photo: Photo, top: number): Promise<Prediction[]>;
  /** The network's named outputs, each (1, ...). */
  outputs(photo: Photo, names: readonly string[]): Promise<Record<string, Tensor>>;
  /** Where the network looked, and on what part of the photo. */
  attention(photo: Photo): Promise<Pick<Classification, 'crop' | 'maps'>>;
  run(x: Tensor): Promise<Record<string, Tensor>>;
  profile(photo: Photo): Promise<{ peak: Peak; layers: LayerTime[] }>;
  /** The plan for the model's own size, as text. */
  plan(): Promise<string>;
  close(): Promise<void>;
}

export interface RuntimeOptions {
  readonly runtime: 'node' | 'chrome';
  readonly adapter?: string;
  readonly browser?: string;
  /** As `OpenOptions.precision`. */
  readonly precision?: Precision;
  /** The folder with the built page; by default that of the bundle that this file is in. */
  readonly page?: string;
}

export function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  return options.runtime === 'chrome' ? ChromeRuntime.open(options) : NodeRuntime.open(options);
}

class NodeRuntime implements Runtime {
  readonly host = 'Dawn in Node';
  #model: Model | undefined;

  constructor(readonly engine: Engine) {}

  static async open({ adapter, precision }: RuntimeOptions): Promise<Runtime> {
    const opened = await openAdapter({ adapter });
    const choices = await keptChoices(opened.adapter);
    return new NodeRuntime(await open({ adapter: opened.adapter, choices, precision }));
  }

  get adapter(): AdapterDescription {
    return this.engine.adapter;
  }

  async load(file: string): Promise<ModelConfig> {
    this.#model = await this.engine.load(await readWeightsFile(file), { where: file });
    return this.#model.config;
  }

  prepare = (photo: Photo) => this.#loaded.prepare(photo);
  classify = async (photo: Photo, top: number) => (await this.#loaded.classify(photo, { top })).predictions;
  outputs = (photo: Photo, names: readonly string[]) => this.#loaded.outputs(photo, names);
  attention = (photo: Photo) => this.#loaded.classify(photo, { maps: true });
  run = (x: Tensor) => this.#loaded.run(x);
  plan = async () => printPlan(this.#loaded.plan());
  profile = async (photo: Photo) => ({
    peak: await measurePeak(this.engine.device),
    layers: await this.#loaded.profile(photo),
  });

  async close(): Promise<void> {
    await this.#model?.dispose();
    this.engine.dispose();
    releaseAdapters();
  }

  get #loaded(): Model {
    if (!this.#model) throw new PlumageError('internal', 'no model is loaded');
    return this.#model;
  }
}

class ChromeRuntime implements Runtime {
  #files = 0;

  constructor(
    readonly browser: Browser,
    readonly page: Page,
    readonly server: FolderServer,
    readonly host: string,
    readonly adapter: AdapterDescription,
  ) {}

  static async open({ adapter, browser: path_, page: folder, precision }: RuntimeOptions): Promise<Runtime> {
    const kind =
      adapter === 'gpu' || adapter === 'software' ? adapter : adapter === 'swiftshader' ? 'software' : undefined;
    if (adapter && !kind) {
      throw new PlumageError(
        'input',
        `--adapter: got ${adapter}, expected gpu, software or swiftshader with --runtime chrome`,
      );
    }
    const server = await serveFolder({ '/': folder ?? path.dirname(fileURLToPath(import.meta.url)) });
    let browser: Browser | undefined;
    try {
      browser = await launchBrowser({ path: path_, adapter: kind });
      const page = await browser.newPage();
      await page.goto(`${server.url}/host.html`);
      return new ChromeRuntime(browser, page, server, await browser.version(), await callPage(page, 'open', precision));
    } catch (error) {
      await browser?.close();
      await server.close();
      throw error;
    }
  }

  async load(file: string): Promise<ModelConfig> {
    return this.#call('load', this.server.add(`/files/${this.#files++}`, await readWeightsFile(file)), file);
  }

  prepare = (photo: Photo) => this.#withPhoto(photo, (url) => this.#call('prepare', url, photo.width, photo.height));
  classify = (photo: Photo, top: number) =>
    this.#withPhoto(photo, (url) => this.#call('classify', url, photo.width, photo.height, top));
  outputs = (photo: Photo, names: readonly string[]) =>
    this.#withPhoto(photo, async (url) =>
      tensors(await this.#call('outputs', url, photo.width, photo.height, [...names])),
    );
  profile = (photo: Photo) => this.#withPhoto(photo, (url) => this.#call('profile', url, photo.width, photo.height));
  plan = () => this.#call('plan');

  attention = (photo: Photo) =>
    this.#withPhoto(photo, async (url) => {
      const { crop, maps } = await this.#call('attention', url, photo.width, photo.height);
      return { crop, maps: tensors(maps) };
    });

  async run(x: Tensor): Promise<Record<string, Tensor>> {
    const bytes = new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength);
    return tensors(await this.#withBytes(bytes, (url) => this.#call('run', url, [...x.shape])));
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.close();
  }

  #withPhoto<T>({ data }: Photo, use: (url: string) => Promise<T>): Promise<T> {
    return this.#withBytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), use);
  }

  async #withBytes<T>(bytes: Uint8Array, use: (url: string) => Promise<T>): Promise<T> {
    const name = `/files/${this.#files++}`;
    try {
      return await use(this.server.add(name, bytes));
    } finally {
      this.server.remove(name);
    }
  }

  #call = <Name extends keyof HostApi>(name: Name, ...args: Parameters<HostApi[Name]>) =>
    callPage(this.page, name, ...args);
}

/** Calls a function of web/host.ts in the page; its errors come over as { code, message }. */
async function callPage<Name extends keyof HostApi>(
  page: Page,
  name: Name,
  ...args: Parameters<HostApi[Name]>
): Promise<Awaited<ReturnType<HostApi[Name]>>> {
  const result = await page.evaluate(
    (method, values) => globalThis.plumageHost.call(method, values),
    name as string,
    args as unknown[],
  );
  return unwrap(result) as Awaited<ReturnType<HostApi[Name]>>;
}

function tensors(plain: Readonly<Record<string, PlainTensor>>): Record<string, Tensor> {
  const tensor = ({ shape, base64 }: PlainTensor): Tensor => {
    const raw = Buffer.from(base64, 'base64');
    return { shape, data: new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length)) };
  };
  return Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, tensor(value)]));
}

async function readWeightsFile(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a folder' : (error as Error).message;
    throw new PlumageError('input', `${file}: weights, ${what} - give a .safetensors or .pth file, or imagenet`);
  }
}
