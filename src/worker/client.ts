// The engine of a page with all its work in a worker: the calls of src/engine, each answered by message.

import { type Remote, transfer, wrap } from 'comlink';
import type { PhotoSource } from '../data/decode.ts';
import { type Abortable, abortable } from '../engine/abort.ts';
import type { Progress } from '../engine/download.ts';
import type { LoadOptions } from '../engine/engine.ts';
import type { Classification, ClassifyOptions } from '../engine/model.ts';
import type { OpenTimes } from '../engine/sharedSession.ts';
import { PlumageError } from '../errors.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { LayerTime } from '../gpu/profile.ts';
import type { Precision } from '../graph/target.ts';
import type { ModelConfig } from '../model/config.ts';
import type { Example } from '../train/examples.ts';
import type { CrossValidateOptions, TeachOptions, Validation } from '../train/fewShot.ts';
import type { WorkerApi, WorkerOpenOptions } from './engineWorker.ts';
import { type Answer, type DeviceEvent, unwrap } from './messages.ts';
import { sending } from './sending.ts';

export interface OpenOptions extends WorkerOpenOptions, Abortable {
  /** The worker, or where its file is: by default `engineWorker.js` beside this one. */
  readonly worker?: Worker | string | URL;
  /** That of all loads. */
  readonly onProgress?: (progress: Progress) => void;
}

/** `open` of the engine, in a worker. Rejects as it does, and with code `network` where the worker cannot be started. */
export async function open(options: OpenOptions = {}): Promise<WorkerEngine> {
  const { worker: given, signal, onProgress, precision, choices, defaultLimits } = options;
  if (typeof Worker === 'undefined') {
    throw new PlumageError('adapter', 'open: Worker, got nothing, expected a browser - in Node import plumage itself');
  }
  const worker = workerOf(given);
  const link = new Link(worker, onProgress);
  const events = new MessageChannel();
  try {
    const facts = await abortable(signal, 'open', () =>
      link.call((api) => api.open({ precision, choices, defaultLimits }, transfer(events.port2, [events.port2]))),
    );
    return new WorkerEngine(link, facts, events.port1);
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function workerOf(given: OpenOptions['worker']): Worker {
  if (given instanceof Worker) return given;
  try {
    if (given !== undefined) return new Worker(given, { type: 'module', name: 'plumage' });
    // In one expression, which bundlers look for.
    return new Worker(new URL('./engineWorker.js', import.meta.url), { type: 'module', name: 'plumage' });
  } catch (error) {
    const advice = "serve engineWorker.js from the page's own site, and say where it is: open({ worker })";
    throw workerFailed((error as Error).message.split('\n')[0]!.replace(/\.$/, ''), advice);
  }
}

const workerFailed = (reason: string, advice: string) =>
  new PlumageError('network', `open: the worker failed, ${reason} - ${advice}`);

/** Calls to one worker. */
class Link {
  readonly #api: Remote<WorkerApi>;
  /** Of the calls under way: how to end them where the worker fails. */
  readonly #waiting = new Set<(failure: PlumageError) => void>();
  #failure: PlumageError | undefined;
  #ended: Promise<void> | undefined;

  constructor(
    readonly worker: Worker,
    readonly onProgress: LoadOptions['onProgress'],
  ) {
    this.#api = wrap<WorkerApi>(worker);
    worker.addEventListener('error', ({ message }) => {
      const reason = message || 'its file cannot be had';
      const advice = 'serve engineWorker.js beside worker.js, or say where it is: open({ worker })';
      this.#fail(workerFailed(reason, advice));
    });
  }

  /** Whether `end` has been called. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Frees the device and ends the worker; no call to it waits any longer. */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const answers = this.#failure === undefined;
    this.#fail(new PlumageError('lost', 'the engine is disposed of - open an engine again'));
    if (answers) await this.#ask((api) => api.dispose()).catch(() => {});
    this.worker.terminate();
  }

  #fail(failure: PlumageError): void {
    this.#failure ??= failure;
    for (const end of this.#waiting) end(failure);
  }

  async call<T>(work: (api: Remote<WorkerApi>) => Promise<Answer<T>>): Promise<T> {
    if (this.#failure) throw this.#failure;
    return this.#ask(work);
  }

  async #ask<T>(work: (api: Remote<WorkerApi>) => Promise<Answer<T>>): Promise<T> {
    // NOTE: no race against one promise of failure: it would keep something of every call.
    let end = (_: PlumageError) => {};
    try {
      const answer = await new Promise<Answer<T>>((resolve, reject) => {
        end = reject;
        this.#waiting.add(end);
        work(this.#api).then(resolve, reject);
      });
      return unwrap(answer);
    } finally {
      this.#waiting.delete(end);
    }
  }

  /** A call that can be stopped, or that reports progress: over a port of its own. */
  async portCall<T, Progress>(
    where: string,
    { signal, onProgress }: Abortable & { readonly onProgress?: (progress: Progress) => void },
    work: (api: Remote<WorkerApi>, port: MessagePort | undefined) => Promise<Answer<T>>,
  ): Promise<T> {
    if (!signal && !onProgress) return this.call((api) => work(api, undefined));
    const { port1, port2 } = new MessageChannel();
    const stop = () => port1.postMessage('abort');
    port1.onmessage = ({ data }: MessageEvent<Progress>) => onProgress?.(data);
    signal?.addEventListener('abort', stop);
    try {
      return await abortable(signal, where, () => this.call((api) => work(api, transfer(port2, [port2]))));
    } finally {
      signal?.removeEventListener('abort', stop);
      port1.close();
    }
  }
}

type Facts = { readonly adapter: AdapterDescription; readonly precision: Precision };

/** Dispatches `restored` when another device has taken the place of a lost one. */
export class WorkerEngine extends EventTarget {
  readonly #link: Link;
  readonly #events: MessagePort;
  readonly precision: Precision;
  #adapter: AdapterDescription;
  #lost: Promise<Pick<GPUDeviceLostInfo, 'reason' | 'message'>>;

  /** Use `open`. @internal */
  constructor(link: Link, { adapter, precision }: Facts, events: MessagePort) {
    super();
    this.#link = link;
    this.#adapter = adapter;
    this.precision = precision;
    this.#events = events;
    let lose = (_: DeviceEvent & { kind: 'lost' }) => {};
    const promise = () => {
      return new Promise<DeviceEvent & { kind: 'lost' }>((resolve) => {
        lose = resolve;
      });
    };
    this.#lost = promise();
    events.onmessage = ({ data }: MessageEvent<DeviceEvent>) => {
      if (data.kind === 'lost') {
        lose(data);
      } else {
        this.#lost = promise();
        this.#adapter = data.adapter;
        this.dispatchEvent(new Event('restored'));
      }
    };
  }

  /** Of the device in use. */
  get adapter(): AdapterDescription {
    return this.#adapter;
  }

  /** Resolves with the reason when the device in use is lost or destroyed. */
  get lost(): Promise<Pick<GPUDeviceLostInfo, 'reason' | 'message'>> {
    return this.#lost;
  }

  /** `load` of the engine. Bytes move to the worker: the caller's array is empty afterwards. */
  async load(source: Uint8Array | ArrayBuffer | Blob | string | URL, options: LoadOptions = {}): Promise<WorkerModel> {
    const { sha256, where, signal, onProgress = this.#link.onProgress } = options;
    // An address means what it means on the page, wherever the worker's file is.
    const address = typeof source === 'string' || source instanceof URL ? new URL(source, location.href).href : source;
    const given = address instanceof ArrayBuffer ? new Uint8Array(address) : address;
    const moved = given instanceof Uint8Array ? transfer(given, [given.buffer]) : given;
    const { id, config } = await this.#link.portCall('load', { signal, onProgress }, (api, port) =>
      api.load(moved, { sha256, where: where ?? (typeof source === 'string' ? source : undefined) }, port),
    );
    return new WorkerModel(this.#link, id, config);
  }

  /** `teach` of `plumage/train`: the head as the bytes of its file, which `Head.read` opens. */
  async teach(examples: readonly Example[], options: TeachOptions = {}): Promise<Uint8Array> {
    const { signal, onProgress, ...rest } = options;
    return this.#link.portCall('teach', { signal, onProgress }, (api, port) => api.teach(examples, rest, port));
  }

  /** `crossValidate` of `plumage/train`. */
  async crossValidate(examples: readonly Example[], options: CrossValidateOptions = {}): Promise<Validation> {
    const { signal, onProgress, ...rest } = options;
    return this.#link.portCall('crossValidate', { signal, onProgress }, (api, port) =>
      api.crossValidate(examples, rest, port),
    );
  }

  /** Frees the device and ends the worker. Calls under way, and later ones, reject with code `lost`. */
  async dispose(): Promise<void> {
    await this.#link.end();
    this.#events.close();
  }
}

/** A model in the worker: the calls of `Model` that pages need. */
export class WorkerModel {
  readonly #link: Link;
  readonly #id: number;

  /** Use `load` of the engine. @internal */
  constructor(
    link: Link,
    id: number,
    readonly config: ModelConfig,
  ) {
    this.#link = link;
    this.#id = id;
  }

  classify(source: PhotoSource, options?: ClassifyOptions): Promise<Classification>;
  classify(sources: readonly PhotoSource[], options?: ClassifyOptions): Promise<Classification[]>;
  async classify(given: PhotoSource | readonly PhotoSource[], { signal, ...options }: ClassifyOptions = {}) {
    return this.#each('classify', given, signal, (api, sources, port) =>
      api.classify(this.#id, sources, options, port),
    );
  }

  embed(source: PhotoSource, options?: Abortable): Promise<Float32Array>;
  embed(sources: readonly PhotoSource[], options?: Abortable): Promise<Float32Array[]>;
  async embed(given: PhotoSource | readonly PhotoSource[], { signal }: Abortable = {}) {
    return this.#each('embed', given, signal, (api, sources, port) => api.embed(this.#id, sources, port));
  }

  async prepare(source: PhotoSource, { signal }: Abortable = {}): Promise<OpenTimes> {
    return sending([source], ([photo]) =>
      this.#link.portCall('prepare', { signal }, (api, port) => api.prepare(this.#id, photo!, port)),
    );
  }

  async profile(source: PhotoSource, options: Abortable & { repeats?: number } = {}): Promise<LayerTime[]> {
    const { signal, repeats } = options;
    return sending([source], ([photo]) =>
      this.#link.portCall('profile', { signal }, (api, port) => api.profile(this.#id, photo!, repeats, port)),
    );
  }

  /** The plan as text. */
  plan = (width?: number, height?: number): Promise<string> =>
    this.#link.call((api) => api.plan(this.#id, width, height));

  weightBytes = (): Promise<number> => this.#link.call((api) => api.weightBytes(this.#id));

  /** Frees the model's GPU memory; where its engine is disposed of, none is left. */
  dispose = (): Promise<void> =>
    this.#link
      .call((api) => api.disposeModel(this.#id))
      .catch((error) => {
        if (!this.#link.ended) throw error;
      });

  async #each<T>(
    where: string,
    given: PhotoSource | readonly PhotoSource[],
    signal: AbortSignal | undefined,
    work: (api: Remote<WorkerApi>, sources: PhotoSource[], port: MessagePort | undefined) => Promise<Answer<T[]>>,
  ): Promise<T | T[]> {
    const several = Array.isArray(given);
    const found = await sending(several ? given : [given as PhotoSource], (sources) =>
      this.#link.portCall(where, { signal }, (api, port) => work(api, sources, port)),
    );
    return several ? found : found[0]!;
  }
}
