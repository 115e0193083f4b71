// The worker behind `plumage/worker`: an engine whose calls come by message. A call's port, where it has one, brings the
// caller's wish to stop and takes progress back.

import 'plumage:shaders';

import { expose, transfer } from 'comlink';
import type { PhotoSource } from '../data/decode.ts';
import type { Progress } from '../engine/download.ts';
import { type Engine, type LoadOptions, type OpenOptions, open } from '../engine/engine.ts';
import type { ClassifyOptions, Model } from '../engine/model.ts';
import { PlumageError } from '../errors.ts';
import { printPlan } from '../graph/print.ts';
import type { Example } from '../train/examples.ts';
import { type CrossValidateOptions, crossValidate, type TeachOptions, teach } from '../train/fewShot.ts';
import type { TeachProgress } from '../train/lesson.ts';
import { type Answer, answer, type DeviceEvent } from './messages.ts';

let engine: Engine | undefined;
const models = new Map<number, Model>();
let loaded = 0;

/** What the worker is told in open(). */
export type WorkerOpenOptions = Pick<OpenOptions, 'precision' | 'choices' | 'defaultLimits'>;
export type WorkerLoadOptions = Pick<LoadOptions, 'sha256' | 'where'>;
export type WorkerTeachOptions = Omit<TeachOptions, 'signal' | 'onProgress'>;
export type WorkerCrossValidateOptions = Omit<CrossValidateOptions, 'signal' | 'onProgress'>;

const api = {
  open: (options: WorkerOpenOptions, events: MessagePort) =>
    answer(async () => {
      const opened = await open(options);
      engine = opened;
      const tell = (event: DeviceEvent) => events.postMessage(event);
      const watch = () => opened.lost.then(({ reason, message }) => tell({ kind: 'lost', reason, message }));
      watch();
      opened.addEventListener('restored', () => {
        tell({ kind: 'restored', adapter: opened.adapter });
        watch();
      });
      return { adapter: opened.adapter, precision: opened.precision };
    }),

  load: (source: Uint8Array | Blob | string, options: WorkerLoadOptions, port?: MessagePort) =>
    answer(async () => {
      const onProgress = (progress: Progress) => port?.postMessage(progress);
      const model = await theEngine().load(source, { ...options, onProgress, signal: signalOf(port) });
      models.set(++loaded, model);
      return { id: loaded, config: model.config };
    }),

  classify: (
    id: number,
    sources: readonly PhotoSource[],
    options: Omit<ClassifyOptions, 'signal'>,
    port?: MessagePort,
  ) => answerAbout(sources, () => modelOf(id).classify(sources, { ...options, signal: signalOf(port) })),

  embed: async (id: number, sources: readonly PhotoSource[], port?: MessagePort) => {
    const found = await answerAbout(sources, () => modelOf(id).embed(sources, { signal: signalOf(port) }));
    return 'value' in found ? transfer(found, [...new Set(found.value.map(({ buffer }) => buffer))]) : found;
  },

  prepare: (id: number, source: PhotoSource, port?: MessagePort) =>
    answerAbout([source], () => modelOf(id).prepare(source, { signal: signalOf(port) })),

  profile: (id: number, source: PhotoSource, repeats: number | undefined, port?: MessagePort) =>
    answerAbout([source], () => modelOf(id).profile(source, { repeats, signal: signalOf(port) })),

  plan: (id: number, width?: number, height?: number) => answer(async () => printPlan(modelOf(id).plan(width, height))),

  weightBytes: (id: number) => answer(async () => modelOf(id).weightBytes),

  disposeModel: (id: number) =>
    answer(async () => {
      await models.get(id)?.dispose();
      models.delete(id);
    }),

  teach: async (examples: readonly Example[], options: WorkerTeachOptions, port?: MessagePort) => {
    const head = await answer(async () => (await teach(theEngine(), examples, { ...options, ...heard(port) })).write());
    return 'value' in head ? transfer(head, [head.value.buffer]) : head;
  },

  crossValidate: (examples: readonly Example[], options: WorkerCrossValidateOptions, port?: MessagePort) =>
    answer(() => crossValidate(theEngine(), examples, { ...options, ...heard(port) })),

  dispose: () => answer(async () => engine?.dispose()),
};

/**
 * The answer about sources, whose bitmaps are closed: here each is the worker's own, a copy where the page keeps one. A call
 * that was stopped has read them already.
 */
async function answerAbout<T>(sources: readonly PhotoSource[], work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return await answer(work);
  } finally {
    for (const source of sources) if (source instanceof ImageBitmap) source.close();
  }
}

/** The caller's signal, and progress to the caller. */
const heard = (port: MessagePort | undefined) => ({
  signal: signalOf(port),
  onProgress: (progress: TeachProgress) => port?.postMessage(progress),
});

export type WorkerApi = typeof api;

function theEngine(): Engine {
  if (engine) return engine;
  throw new PlumageError('internal', 'no engine is open');
}

function modelOf(id: number): Model {
  const model = models.get(id);
  if (model) return model;
  throw new PlumageError('input', 'the model is disposed of - load it again');
}

/** Fires when the caller says so through the call's port. */
function signalOf(port: MessagePort | undefined): AbortSignal | undefined {
  if (!port) return undefined;
  const controller = new AbortController();
  port.onmessage = () => controller.abort();
  return controller.signal;
}

expose(api);
