// The loop of a run on a stand-in for the trainer: checkpoints, going on bit for bit, evaluations, and what stops a run.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { preprocessPresets, stretched } from '../../src/data/preprocess.ts';
import { PlumageError } from '../../src/errors.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { presets } from '../../src/model/presets.ts';
import { atStart, type Position, readCheckpoint, weightsOf, writeCheckpoint } from '../../src/train/checkpoint.ts';
import { cropOf, trainingImages } from '../../src/train/epoch.ts';
import type { TrainingEvent } from '../../src/train/events.ts';
import { type LoopOptions, type Stepper, trainLoop } from '../../src/train/loop.ts';
import { checkRecipe, type Recipe } from '../../src/train/recipe.ts';
import { rejected } from '../harness/refused.ts';

const images = Array.from({ length: 13 }, (_, i) => ({ file: `${i}.jpg`, label: i % 3 }));
const preprocessing = stretched(preprocessPresets.torchvision);
const source = { variant: 'v1.5', eps: 1e-5, preprocessing: 'torchvision' } as const;
const config = { ...presets.tiny, ...source, classes: ['a', 'b', 'c'] };

/** One weight that remembers, in order, all that it was fed. */
class Stand implements Stepper {
  constructor(
    readonly tensors: Map<string, Tensor>,
    readonly loss: (step: number) => number = () => 1,
  ) {}

  steps = 0;

  async step(batch: Parameters<Stepper['step']>[0], labels: Uint32Array, rates: { head: number }) {
    const { data } = this.tensors.get('w')!;
    batch.forEach((image, i) => {
      if (!('photo' in image)) throw new Error('expected photos');
      const { photo, crop } = image;
      const fed = photo.width + 7 * (crop?.left ?? 0) + 3 * (crop?.top ?? 0) + 100 * labels[i]!;
      data[0] = Math.fround(data[0]! * 0.9 + rates.head * fed);
    });
    const logits = Float32Array.from({ length: 3 * labels.length }, (_, i) => Math.sin(data[0]! * i));
    return { loss: this.loss(this.steps++), outputs: { combined: { shape: [labels.length, 3], data: logits } } };
  }

  firstNonFinite = async () => 'blocks.1.bn1';

  async snapshot() {
    return new Map([...this.tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  }
}

const fresh = () => new Map<string, Tensor>([['w', { shape: [1], data: Float32Array.of(1) }]]);

interface Run {
  readonly saved: Uint8Array[];
  readonly events: TrainingEvent[];
  readonly skips: string[];
  readonly best: number[];
  readonly end: Promise<Position>;
}

interface Wishes extends Partial<Pick<LoopOptions, 'saveEvery' | 'evaluate'>> {
  from?: Uint8Array;
  broken?: readonly string[];
  stopAfter?: number;
  loss?: (step: number) => number;
  images?: typeof images;
}

function start(recipe: Recipe, wishes: Wishes = {}): Run {
  const { from, broken = [], stopAfter, images: all = images } = wishes;
  const checkpoint = from && readCheckpoint(from, 'checkpoint');
  const at = checkpoint?.state.at ?? atStart;
  const trainer = new Stand(new Map(checkpoint?.tensors ?? fresh()), wishes.loss);
  const source = trainingImages(recipe, all, at);
  const abort = new AbortController();
  const run = { saved: [] as Uint8Array[], events: [] as TrainingEvent[], skips: [] as string[], best: [] as number[] };
  let steps = 0;
  const end = trainLoop({
    recipe,
    trainer,
    images: all.length,
    start: at,
    saveEvery: wishes.saveEvery ?? 0,
    signal: abort.signal,
    stream: {
      async next() {
        const { value: image, done } = source.next();
        if (done) return undefined;
        const { file } = image;
        if (broken.includes(file)) return { image, error: new PlumageError('input', `${file}: damaged`) };
        const photo = { width: 10 + Number.parseInt(file, 10), height: 10, data: new Uint8Array() };
        return { image, content: { photo, crop: cropOf(recipe, image, photo, preprocessing) } };
      },
    },
    save(position, tensors) {
      const state = { recipe, at: position, images: '', adapter: '', choices: {} };
      run.saved.push(writeCheckpoint({ config, tensors, state }));
    },
    keepBest: (tensors) => run.best.push(tensors.get('w')!.data[0]!),
    evaluate: wishes.evaluate ?? (async () => ({ images: 1, top1: 0.5, concat: 0.5 })),
    report: (event) => run.events.push(event),
    onStep: ({ stepInEpoch }) => {
      if (stepInEpoch > 0 && ++steps === stopAfter) abort.abort();
    },
    onSkip: ({ message }) => run.skips.push(message),
    phase: (_, work) => work(),
    now: () => 1000 * steps,
  });
  return { ...run, end };
}

const recipe = (settings: Partial<Recipe> = {}) => checkRecipe({ epochs: 4, batch: 3, seed: 5, ...settings });

test('a checkpoint gives back what it was made of, and the same bytes again', async () => {
  const { saved, end } = start(recipe());
  await end;
  const again = readCheckpoint(saved.at(-1)!, 'checkpoint');
  assert.is(again.state.at.epoch, 4);
  assert.is(again.state.at.step, 16);
  assert.equal(writeCheckpoint(again), saved.at(-1));
  assert.equal(again.config, config);
});

test('weights of a checkpoint come without velocities and without the state of the run', () => {
  const tensors = new Map<string, Tensor>([...fresh(), ['velocity.w', { shape: [1], data: Float32Array.of(3) }]]);
  const text = new TextDecoder().decode(weightsOf(config, tensors));
  assert.match(text, '"plumage"');
  assert.not.match(text, 'velocity');
  assert.not.match(text, '"training"');
});

test('stopped after any step, a run goes on as if it never was', async () => {
  const whole = start(recipe());
  await whole.end;
  for (let stopAfter = 1; stopAfter < 16; stopAfter++) {
    const first = start(recipe(), { stopAfter });
    await rejected(first.end, 'aborted', new RegExp(`^train: stopped after ${stopAfter} steps`));
    const second = start(recipe(), { from: first.saved.at(-1) });
    await second.end;
    assert.equal(second.saved.at(-1), whole.saved.at(-1), `stopped after ${stopAfter}`);
  }
});

test('killed at any moment, a run goes on from its last checkpoint to the same end', async () => {
  const whole = start(recipe(), { saveEvery: 2 });
  await whole.end;
  for (const from of whole.saved) {
    const second = start(recipe(), { from, saveEvery: 2 });
    await second.end;
    if (from !== whole.saved.at(-1)) assert.equal(second.saved.at(-1), whole.saved.at(-1));
  }
});

test('other seeds and runs without augmentation differ', async () => {
  const ends = await Promise.all(
    [recipe(), recipe({ seed: 6 }), recipe({ augment: false })].map(async (each) => {
      const run = start(each);
      await run.end;
      return readCheckpoint(run.saved.at(-1)!, 'checkpoint').tensors.get('w')!.data[0];
    }),
  );
  assert.is(new Set(ends).size, 3);
});

test('an unreadable image is skipped, named, counted; too many of them stop the run', async () => {
  const { end, skips } = start(recipe(), { broken: ['4.jpg'] });
  await rejected(end, 'input', /unreadable images, got 1 of 13, expected at most 1 % - the last one: 4.jpg: damaged/);
  assert.equal(skips, ['4.jpg: damaged']);
});

test('an epoch without a whole batch is no epoch', async () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ file: `${i}.jpg`, label: i % 3 }));
  const { end, saved } = start(recipe({ batch: 100 }), { broken: ['4.jpg'], images: many });
  await rejected(end, 'input', /^train: epoch 1: data, got 100 images of which some .*, expected a whole batch of 100/);
  assert.is(saved.length, 0);
});

test('a loss that is not finite stops the run, names step and layer, and saves nothing after it', async () => {
  const { end, saved } = start(recipe(), { loss: (step) => (step === 5 ? Number.NaN : 1) });
  await rejected(end, 'input', /^train: the loss became NaN in step 6 \(epoch 2\), first at blocks.1.bn1 - the last/);
  assert.is(saved.length, 1);
});

test('the held-out part is evaluated when due, keeps the best weights, and its patience ends the run', async () => {
  const scores = [0.2, 0.5, 0.4, 0.5, 0.1, 0.9];
  const evaluate = async () => ({ images: 10, top1: scores.shift()!, concat: 0 });
  const { end, best, events } = start(recipe({ epochs: 6, evaluate: 'held', patience: 2 }), { evaluate });
  const at = await end;
  assert.is(at.epoch, 4);
  assert.equal(at.best, { epoch: 2, accuracy: 0.5 });
  assert.is(best.length, 2);
  assert.is(events.filter(({ kind }) => kind === 'evaluation').length, 4);
});

test('killed while it evaluates, a run evaluates again', async () => {
  const settings = recipe({ evaluate: 'test', evaluateEvery: 2 });
  const whole = start(settings);
  await whole.end;
  const killed = start(settings, { evaluate: () => Promise.reject(new Error('killed')) });
  await killed.end.catch(() => {});
  const second = start(settings, { from: killed.saved.at(-1) });
  await second.end;
  assert.equal(second.saved.at(-1), whole.saved.at(-1));
});

test('events: means of steps and epochs, speed by the clock', async () => {
  const { end, events } = start(recipe({ epochs: 1 }), { loss: (step) => step });
  await end;
  const steps = events.filter((event) => event.kind === 'step');
  assert.equal(
    steps.map(({ step, loss }) => [step, loss]),
    [
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ],
  );
  const [epoch] = events.filter((event) => event.kind === 'epoch');
  assert.is(epoch?.loss, 1.5);
  assert.is(epoch?.imagesPerSecond, 3);
  assert.is(epoch?.waited, 0);
});

test.run();
