// The end of a training run: the weights that it has come to, their running statistics estimated anew where that is asked for,
// and how they do on the test images.

import { PlumageError } from '../errors.ts';
import type { Tensor } from '../graph/tensor.ts';
import { Loader } from '../node/loader.ts';
import { type Position, weightsOf } from '../train/checkpoint.ts';
import { orderOf } from '../train/epoch.ts';
import type { Evaluation } from '../train/loop.ts';
import { stepsPerEpoch } from '../train/schedule.ts';
import { Trainer, type TrainingImage } from '../train/trainer.ts';
import { writeCurves } from './curves.ts';
import { sizeCheck } from './trainData.ts';
import { evaluateWeights } from './trainEvaluate.ts';
import { trainerOptions } from './trainModel.ts';
import type { Run } from './trainRun.ts';

export interface TrainResult {
  readonly out: string;
  readonly file: string;
  readonly bytes: number;
  readonly epochs: number;
  readonly steps: number;
  readonly images: number;
  /** The file's weights on the test images, where there are any. */
  readonly test?: Evaluation;
  readonly best?: { readonly epoch: number; readonly accuracy: number; readonly of: 'held' | 'test' };
  /** Share of the training time in which the GPU waited for photos. */
  readonly waited: number;
}

/** Writes final.safetensors, evaluates what is in it, and ends the metrics. Closes the trainer. */
export async function finish(run: Run, trainer: Trainer, at: Position, waited: number): Promise<TrainResult> {
  const { request, data, progress } = run;
  const { folder, config } = request;
  const { recipe, network, f16 } = config;
  const of = recipe.evaluate === 'held' ? 'held' : 'test';
  const weights = weightsOf(network, await chosen(run, trainer), f16 ? 'F16' : 'F32');
  folder.save('final', weights);
  const evaluating = () => evaluateWeights({ ...run, ...data, images: data.test, weights });
  const test = data.test.length > 0 ? await progress.during('evaluating the test images', evaluating) : undefined;
  if (test) folder.append({ kind: 'evaluation', epoch: at.epoch, step: at.step, of: 'test', ...test, final: true });
  folder.append({ kind: 'end', time: new Date().toISOString() });
  writeCurves(folder);
  return {
    out: folder.path,
    file: folder.file('final'),
    bytes: weights.length,
    epochs: at.epoch,
    steps: at.step,
    images: data.train.length,
    ...(test && { test }),
    ...(at.best && { best: { ...at.best, of } }),
    waited,
  };
}

/** The last epoch's tensors, or those that were best on the held-out part. */
async function chosen(run: Run, last: Trainer): Promise<ReadonlyMap<string, Tensor>> {
  const { folder, config } = run.request;
  const { recipe, network } = config;
  const tensors = recipe.evaluate === 'held' ? await folder.readBest() : await last.snapshot();
  last.close();
  if (!recipe.recalibrateBn) return tensors;
  const options = trainerOptions(recipe, stepsPerEpoch(run.data.train.length, recipe));
  const trainer = await Trainer.open(run.engine.device, network, tensors, options);
  try {
    await run.progress.during('estimating the running statistics', () => recalibrate(run, trainer));
    return await trainer.snapshot();
  } finally {
    trainer.close();
  }
}

/**
 * Running statistics become the mean of what batches over the training images say, each as the test images are cropped. In
 * a random order: a batch of one class has too little variance.
 */
async function recalibrate({ request, data, engine, pool, progress, signal }: Run, trainer: Trainer): Promise<void> {
  const { recipe, network } = request.config;
  const check = sizeCheck(network, engine.device.target);
  const size = recipe.microBatch || recipe.batch;
  const order = [...orderOf(recipe, recipe.epochs, data.train.length)].map((index) => data.train[index]!);
  const loader = new Loader(pool, order, { banner: data.banner, ahead: size + 2 * pool.workers, check });
  try {
    let images: TrainingImage[] = [];
    for (let batches = 0; ; ) {
      const loaded = await loader.next();
      if (!loaded) return;
      if (signal.aborted)
        throw new PlumageError('aborted', 'train: stopped after the last epoch - go on with --resume');
      if (loaded.photo) images.push({ photo: loaded.photo });
      if (images.length < size) continue;
      if (!(await trainer.observe(images, 1 / ++batches))) {
        return progress.line('running statistics: the batch norms are frozen, their statistics stay');
      }
      images = [];
      progress.count(batches, Math.floor(order.length / size), 'batches');
    }
  } finally {
    loader.close();
  }
}
