// The public API for pages, workers and Node, and nothing else. `plumage/measure` adds ceilings, the tuner
// and plans as text, `plumage/node` what only Node can do.

import 'plumage:shaders';

export { decodeImage, type Photo, type PhotoSource } from './data/decode.ts';
export type { Abortable } from './engine/abort.ts';
export type { DownloadOptions, Progress } from './engine/download.ts';
export { Engine, type LoadOptions, type OpenOptions, open } from './engine/engine.ts';
export type { Prediction } from './engine/likeliest.ts';
export { type Classification, type ClassifyOptions, Model } from './engine/model.ts';
export type { OpenTimes } from './engine/sharedSession.ts';
export { type ErrorCode, PlumageError } from './errors.ts';
export { readSafetensors, writeSafetensors } from './formats/safetensors.ts';
export { readWeights } from './formats/weights.ts';
export type { AdapterDescription, Choices } from './gpu/device.ts';
export type { LayerTime } from './gpu/profile.ts';
export type { Plan } from './graph/plan.ts';
export type { Precision } from './graph/target.ts';
export type { Tensor, TensorFile } from './graph/tensor.ts';
export type { ModelConfig } from './model/config.ts';
