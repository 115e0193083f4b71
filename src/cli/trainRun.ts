// A training run: opens data, adapter and trainer, hands them to the loop, keeps its checkpoints, and makes the model that
// comes out of it.

import { type Engine, open } from '../engine/engine.ts';
import { PlumageError } from '../errors.ts';
import { adapterKey } from '../gpu/device.ts';
import type { Tensor } from '../graph/tensor.ts';
import { openAdapter, releaseAdapters } from '../node/adapter.ts';
import { keptChoices } from '../node/choices.ts';
import { openDataset } from '../node/datasets/dataset.ts';
import { DecodePool } from '../node/decodePool.ts';
import { atStart, type Position, type RunState, weightsOf, writeCheckpoint } from '../train/checkpoint.ts';
import { checkFits, mib } from '../train/cost.ts';
import { type LoopOptions, trainLoop } from '../train/loop.ts';
import { blockMomentumOf, stepsPerEpoch } from '../train/schedule.ts';
import { Trainer } from '../train/trainer.ts';
import type { Progress } from './progress.ts';
import type { RunConfig, RunFolder } from './runFolder.ts';
import { bytesText } from './text.ts';
import { photoStream, sizeCheck, type TrainingData, trainingData } from './trainData.ts';
import { evaluateWeights } from './trainEvaluate.ts';
import { checkRoom, featureStream, keepFeatures, keepsFeatures } from './trainFeatures.ts';
import { finish, type TrainResult } from './trainFinish.ts';
import { trainerOptions } from './trainModel.ts';
import { stepText } from './trainText.ts';

export interface TrainRequest {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  /** Weights, and where a run goes on velocities. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Of the checkpoint that the run goes on from. */
  readonly state?: RunState;
  /** Nothing is in the folder yet. */
  readonly isNew?: boolean;
}

export interface TrainRunOptions {
  /** Keeps other processes out of the run's folder. */
  hold(signal: AbortSignal): Promise<void>;
  readonly adapter?: string;
  readonly workers?: number;
}

/** What the parts of a run share. */
export interface Run {
  readonly request: TrainRequest;
  readonly data: TrainingData;
  readonly engine: Engine;
  readonly pool: DecodePool;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** Runs to the end and writes what comes out. Rejects with code `aborted`, a checkpoint written, when the signal says so. */
export async function runTraining(
  request: TrainRequest,
  options: TrainRunOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<TrainResult> {
  const data = await readData(request, progress);
  // Before minutes of work: a folder that cannot be written.
  request.folder.create();
  await options.hold(signal);
  // Another process may have begun one meanwhile.
  if (request.isNew) request.folder.checkNew();
  const engine = await progress.during('opening the adapter', () => openEngine(request, options, progress));
  const pool = new DecodePool(options.workers);
  try {
    return await train({ request, data, engine, pool, progress, signal });
  } catch (error) {
    const lost = engine.device.lostReason;
    if (lost === undefined || (error instanceof PlumageError && error.code === 'aborted')) throw error;
    const advice = 'the last checkpoint stands, go on with --resume';
    throw new PlumageError('lost', `train: the device was lost (${lost}) - ${advice}`, { cause: error });
  } finally {
    await pool.close();
    engine.dispose();
    releaseAdapters();
  }
}

async function readData({ config, state, folder }: TrainRequest, progress: Progress): Promise<TrainingData> {
  const { recipe, network, model, dataset: kind, banner, classes } = config;
  const dataset = await progress.during('reading the lists', () => openDataset(kind, config.data, { banner, classes }));
  for (const warning of dataset.warnings) progress.line(`warning: ${warning}`);
  const data = trainingData(dataset, recipe, network.classes, model);
  if (state && state.images !== data.fingerprint) {
    const advice = 'a run goes on with the same list only: begin a new one in another folder';
    throw new PlumageError(
      'input',
      `${folder.path}: the training images are not those that the run began with - ${advice}`,
    );
  }
  const steps = stepsPerEpoch(data.train.length, recipe);
  const momentum = blockMomentumOf(recipe, steps);
  if (momentum.raised && network.model === 'plumage') {
    progress.line(
      `running statistics of the branch blocks: momentum ${momentum.value}, as the run has under 1000 steps`,
    );
  }
  const seen = recipe.microBatch || recipe.batch;
  if (seen < 4) progress.line(`warning: batch norms see ${seen} images at a time, which is too few to train well`);
  return data;
}

/** The kernels that the run began with, for others round otherwise. */
async function openEngine({ state, folder, config }: TrainRequest, options: TrainRunOptions, progress: Progress) {
  const { adapter } = await openAdapter(options);
  const isSame = state?.adapter === adapterKey(adapter.info);
  if (state && !isSame)
    progress.line(`${folder.path}: another adapter than before: the run goes on, but not bit for bit`);
  const choices = isSame ? state.choices : await keptChoices(adapter, (line) => progress.line(line));
  return open({ adapter, choices, precision: config.recipe.precision });
}

async function train(run: Run): Promise<TrainResult> {
  const { request, data, engine, progress } = run;
  const { folder, config, state } = request;
  const { recipe, network } = config;
  const { device, adapter } = engine;
  const features = keepsFeatures(recipe);
  const stepping = { ...trainerOptions(recipe, stepsPerEpoch(data.train.length, recipe)), features };
  const cost = checkFits(network, stepping, device.target);
  progress.line(`${adapter.name}: planned peak ${bytesText(cost.peak)}, largest buffer ${mib(cost.largest.bytes)}`);
  const opening = () => Trainer.open(device, network, request.tensors, stepping);
  const trainer = await progress.during('compiling the kernels', opening);
  try {
    const start = state?.at ?? atStart;
    const kept = { recipe, images: data.fingerprint, adapter: device.adapterKey, choices: device.target.choices ?? {} };
    const save: LoopOptions['save'] = (at, tensors) =>
      folder.save('checkpoint', writeCheckpoint({ config: network, tensors, state: { ...kept, at } }));
    if (features) checkRoom(run);
    // Not before, for a run that cannot take a step is to be begun again with other options. And at once, so that what
    // cannot be written is known before the first step.
    folder.writeConfig(config);
    if (!state) save(start, await trainer.snapshot());
    if (features) await keepFeatures(run, trainer);
    folder.cutMetrics(start);
    const { at, waited } = await loop(run, trainer, start, save);
    return await finish(run, trainer, at, waited);
  } finally {
    trainer.close();
  }
}

/** The loop with all that it needs; gives also the share of the time in which the GPU waited for photos. */
async function loop(run: Run, trainer: Trainer, start: Position, save: LoopOptions['save']) {
  const { request, data, engine, progress, signal } = run;
  const { folder, config } = request;
  const { recipe, network } = config;
  const { epochs } = recipe;
  const images = data.train.length;
  const steps = stepsPerEpoch(images, recipe);
  const time = new Date().toISOString();
  folder.append({ kind: 'run', time, epochs, stepsPerEpoch: steps, images, adapter: engine.adapter.name });
  const check = sizeCheck(network, engine.device.target);
  const stream = keepsFeatures(recipe) ? featureStream(run, start) : photoStream(config, data, run.pool, start, check);
  const spent = { seconds: 0, waited: 0 };
  const report: LoopOptions['report'] = (event) => {
    folder.append(event);
    if (event.kind !== 'epoch') return;
    spent.seconds += event.seconds;
    spent.waited += event.seconds * event.waited;
  };
  try {
    const at = await trainLoop({
      recipe,
      trainer,
      stream,
      images,
      start,
      saveEvery: config.saveEvery ?? 0,
      signal,
      save,
      keepBest: (tensors) => folder.save('best', weightsOf(network, tensors)),
      evaluate: (tensors) =>
        evaluateWeights({ ...run, ...data, images: data.evaluate, weights: weightsOf(network, tensors) }),
      onSkip: ({ message }) => progress.line(`skipped: ${message}`),
      report,
      onStep: (step) => progress.count(step.stepInEpoch, step.steps, stepText(step)),
      phase: (label, work) => progress.during(label, work),
      now: () => performance.now(),
    });
    return { at, waited: spent.seconds > 0 ? spent.waited / spent.seconds : 0 };
  } finally {
    stream.close();
  }
}
