// `plumage data batches`: what each step of a training run sees, for another program to train on the same.

import { Command } from 'commander';
import { PlumageError } from '../errors.ts';
import { openDataset } from '../node/datasets/dataset.ts';
import { DecodePool } from '../node/decodePool.ts';
import { Batches, type ImageStream } from '../train/batches.ts';
import type { TrainingImage } from '../train/epoch.ts';
import { ratesOf, stepsPerEpoch } from '../train/schedule.ts';
import type { StepImage } from '../train/trainer.ts';
import { workersOption } from './datasetOptions.ts';
import { interruptible } from './interrupt.ts';
import { type Progress, startProgress } from './progress.ts';
import { RunFolder } from './runFolder.ts';
import { print } from './text.ts';
import { photoStream, trainingData } from './trainData.ts';

const HELP = `
One JSON object a step, as a line: epoch (from 0), step (from 1), lr, backboneLr, and images with file, label (the number of
its class in the model) and, with augmentation, left, top and flip of the crop from the resized photo; offsets below 0 reach
into black padding. All of it follows from the run's config.json, so it needs neither a GPU nor the run to have ended.

Example:
  $ plumage data batches runs/birds > batches.jsonl`;

export function batchesCommand(): Command {
  return new Command('batches')
    .description('write which images each step of a training run sees, and how they are cropped')
    .argument('<run>', "the run's folder")
    .addOption(workersOption())
    .addHelpText('after', HELP)
    .action(async (run: string, { workers }: { workers?: number }) => {
      const progress = startProgress(false);
      await interruptible((signal) => batches(run, progress, signal, workers));
    });
}

async function batches(run: string, progress: Progress, signal: AbortSignal, workers?: number): Promise<void> {
  const config = new RunFolder(run).readConfig();
  const { recipe, network, model, dataset: kind, banner, classes } = config;
  const dataset = await progress.during('reading the lists', () => openDataset(kind, config.data, { banner, classes }));
  const data = trainingData(dataset, recipe, network.classes, model);
  const pool = new DecodePool(workers);
  const stream = photoStream(config, data, pool, { epoch: 0, position: 0 });
  const named = new Named(stream);
  const taken = new Batches(named, recipe, data.train.length, ({ message }) => progress.line(`skipped: ${message}`));
  const steps = stepsPerEpoch(data.train.length, recipe) * recipe.epochs;
  try {
    let step = 0;
    for (let epoch = 0; epoch < recipe.epochs; epoch++) {
      const { head: lr, backbone: backboneLr } = ratesOf(recipe, epoch);
      for (let skipped = 0; ; ) {
        const batch = await taken.next(epoch, skipped);
        if (signal.aborted) throw new PlumageError('aborted', `data batches: stopped after ${step} steps`);
        if (!batch) break;
        skipped = batch.skipped;
        print(JSON.stringify({ epoch, step: ++step, lr, backboneLr, images: batch.images.map((i) => named.line(i)) }));
        progress.count(step, steps, 'steps');
      }
    }
  } finally {
    stream.close();
    await pool.close();
  }
}

/** A stream that remembers of which file each image was made. */
class Named implements ImageStream {
  readonly #images = new WeakMap<StepImage, TrainingImage>();

  constructor(readonly stream: ImageStream) {}

  async next() {
    const arrival = await this.stream.next();
    if (arrival?.content) this.#images.set(arrival.content, arrival.image);
    return arrival;
  }

  line(content: StepImage) {
    const { file, label } = this.#images.get(content)!;
    const { left, top, flip } = ('crop' in content && content.crop) || {};
    return { file, label, left, top, flip };
  }
}
