// The Host on a browser that puppeteer drives: a page a case, a browser a cold start, all from a server on this machine.

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from '../src/node/browser.ts';
import { cacheFolder } from '../src/node/cache.ts';
import { fetchImagenet } from '../src/node/fetchWeights.ts';
import { type FolderServer, serveFolder } from '../src/node/serve.ts';
import { type Case, type NetworkName, specOf } from './cases.ts';
import type { Host } from './host.ts';
import { networkOnnx, networkWeights } from './networks.ts';
import type { BenchApi } from './page.ts';
import type { Spec } from './peers.ts';

export interface ChromeOptions {
  readonly browser?: string;
  readonly headed?: boolean;
}

/** Files for pages: the benchmark, the peers' wasm, weights and exports, made when they are first asked for. */
export class Files {
  #imagenet: Promise<Uint8Array> | undefined;
  readonly #weights = new Map<string, Promise<Uint8Array>>();
  readonly #added = new Set<string>();

  constructor(readonly server: FolderServer) {}

  static async serve(): Promise<Files> {
    return new Files(await serveFolder(Files.routes('/')));
  }

  /** The folders to serve, the benchmark's own under `home`. */
  static routes(home: string): Record<string, string> {
    return {
      [home]: path.dirname(fileURLToPath(import.meta.url)),
      '/ort': path.dirname(fileURLToPath(import.meta.resolve('onnxruntime-web'))),
      '/tfjs-wasm': path.dirname(fileURLToPath(import.meta.resolve('@tensorflow/tfjs-backend-wasm'))),
    };
  }

  /** Puts what the case needs in its place. */
  spec(each: Case): Spec {
    const spec = specOf(each);
    const add = (address: string, make: () => Promise<Uint8Array>) => {
      if (!this.#added.has(address)) this.server.add(address, make);
      this.#added.add(address);
    };
    const weights = () => this.weightsOf(each.network);
    add(spec.weights, weights);
    if (spec.onnx) add(spec.onnx, async () => networkOnnx(each, await weights()));
    return spec;
  }

  weightsOf(network: NetworkName): Promise<Uint8Array> {
    this.#imagenet ??= fetchImagenet({ cacheDir: cacheFolder() }).then((file) => readFile(file));
    const weights = this.#weights.get(network) ?? this.#imagenet.then((imagenet) => networkWeights(network, imagenet));
    this.#weights.set(network, weights);
    return weights;
  }
}

export class ChromeHost implements Pick<Host, 'page' | 'spec'> {
  #page: Page | undefined;

  private constructor(
    readonly options: ChromeOptions,
    readonly files: Files,
    private browser: Browser,
  ) {}

  static async open(options: ChromeOptions): Promise<ChromeHost> {
    const files = await Files.serve();
    try {
      return new ChromeHost(options, files, await launch(options));
    } catch (error) {
      await files.server.close();
      throw error;
    }
  }

  version(): Promise<string> {
    return this.browser.version();
  }

  async page(cold: boolean): Promise<BenchApi> {
    if (cold) {
      await this.browser.close();
      this.browser = await launch(this.options);
    } else {
      await this.#page?.close().catch(() => {});
    }
    const page = await this.browser.newPage();
    this.#page = page;
    page.setDefaultTimeout(0);
    await page.goto(`${this.files.server.url}/bench.html?driven`);
    return apiOf(page);
  }

  /** Weights from the network, before the clock starts and where an error is still in one line. */
  async fetch(cases: readonly Case[]): Promise<void> {
    for (const { network, kernel } of cases) if (!kernel) await this.files.weightsOf(network);
  }

  async spec(each: Case): Promise<Spec> {
    return this.files.spec(each);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.files.server.close();
  }
}

/** The page's functions as if they were here. */
function apiOf(page: Page): BenchApi {
  const call = (name: string, args: unknown[]) =>
    page.evaluate(
      (method, values) => (globalThis.plumageBench[method as 'open'] as (...v: unknown[]) => unknown)(...values),
      name,
      args,
    );
  const get = (_: object, name: string) => (name === 'then' ? undefined : (...args: unknown[]) => call(name, args)); // no promise, though awaited
  return new Proxy({}, { get }) as BenchApi;
}

const launch = ({ browser, headed }: ChromeOptions): Promise<Browser> =>
  launchBrowser({ path: browser, headed, adapter: headed ? 'gpu' : undefined });
