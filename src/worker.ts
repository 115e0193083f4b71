// `plumage/worker`: the engine with all its work in a worker, for pages that must stay smooth.

export type { Abortable } from './engine/abort.ts';
export type { Progress } from './engine/download.ts';
export type { LoadOptions } from './engine/engine.ts';
export type { Prediction } from './engine/likeliest.ts';
export type { Classification, ClassifyOptions } from './engine/model.ts';
export { type ErrorCode, PlumageError } from './errors.ts';
export { type OpenOptions, open, type WorkerEngine, type WorkerModel } from './worker/client.ts';
