// `plumage/measure`: what an adapter can do at most, and which form of a kernel suits it. For pages, workers and Node; apart
// from the engine, so that a page that only classifies does not carry it.

import 'plumage:shaders';

export { type TuneOptions, tune } from './engine/tune.ts';
export { measureCopy, measurePeak, type Peak } from './gpu/ceilings.ts';
export type { Measurement, TuneProgress, TuneResult } from './gpu/tuner.ts';
export { printPlan } from './graph/print.ts';
