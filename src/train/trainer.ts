// A trainer: a training step on a device. It brings photos into the batch, runs the step, and hands weights out and in as
// files have them. What is fed when, and what happens between epochs, is its caller's.

import type { Photo } from '../data/decode.ts';
import {
  atSize,
  type Capacity,
  type Crop,
  capacityFor,
  geometry,
  type PreprocessConfig,
  preprocessPresets,
  stretched,
} from '../data/preprocess.ts';
import { mismatch } from '../errors.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { open, type Session } from '../gpu/session.ts';
import { States } from '../gpu/states.ts';
import { plan, type State } from '../graph/plan.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ModelConfig } from '../model/config.ts';
import { isFeature, joinFeatures, splitTaps } from './features.ts';
import { velocityName } from './graph.ts';
import { deviceToFile, fileToDevice } from './layout.ts';
import {
  featurePlan,
  forwardValues,
  photoPlan,
  statisticsPlan,
  type TrainerOptions,
  type TrainingPlans,
  trainingPlans,
} from './plans.ts';

/** Learning rates of one step: of new layers, and of the backbone. */
export interface Rates {
  readonly head: number;
  readonly backbone: number;
}

export interface TrainingImage {
  readonly photo: Photo;
  /** By default the central crop. */
  readonly crop?: Omit<Crop, 'image'>;
}

/** An image of a step: a photo, or where the trainer is made for it, what the backbone says of one. */
export type StepImage = TrainingImage | { readonly features: Float32Array };

export interface StepResult {
  readonly loss: number;
  /** Logits of all images by name: `combined` and `logitsCat`, or `logits` (N, classes). */
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Values of a forward pass that are read back at once. */
const VALUES_AT_A_TIME = 16;
const MOMENTUM = 0.1;
const BLOCK_MOMENTUM = 0.01;

export class Trainer {
  readonly #states: States;
  readonly #plans: TrainingPlans;
  readonly #preprocessing: PreprocessConfig;
  readonly #micro: number;
  /** The first image of the micro-batch that lies in x. */
  #from = 0;
  #step: Session | undefined;
  #apply: Session | undefined;
  #statistics: Session | undefined;
  #features: Session | undefined;
  #photos: { session: Session; capacity: Capacity } | undefined;
  #frozen: Weights | undefined;

  private constructor(
    readonly device: Device,
    readonly config: ModelConfig,
    readonly options: TrainerOptions,
  ) {
    const preset = preprocessPresets[config.preprocessing];
    this.#states = new States(device);
    this.#plans = trainingPlans(config, options, device.target);
    this.#preprocessing = atSize(config.model === 'plain' ? preset : stretched(preset), config.size);
    this.#micro = options.microBatch ?? options.batch;
  }

  /**
   * A trainer that starts from these tensors, as files have them: those of the model and, where training goes on,
   * `velocity.<name>` of its weights. Rejects where one is missing or of another shape.
   */
  static async open(
    device: Device,
    config: ModelConfig,
    tensors: ReadonlyMap<string, Tensor>,
    options: TrainerOptions,
  ): Promise<Trainer> {
    const trainer = new Trainer(device, config, options);
    try {
      const file = { tensors: new Map(tensors), metadata: {} };
      trainer.#frozen = new Weights(device, file, 'training');
      const { step, apply } = trainer.#plans;
      trainer.#step = await open(device, step, trainer.#frozen, trainer.#states);
      if (apply) trainer.#apply = await open(device, apply, trainer.#frozen, trainer.#states);
      for (const each of trainer.#kept) trainer.#states.write(each.name, fileToDevice(each, tensors));
      return trainer;
    } catch (error) {
      trainer.close();
      throw error;
    }
  }

  /** Bytes on the device: values of one step at their peak, states, frozen weights. */
  get bytes(): { activations: number; states: number; frozen: number } {
    return {
      activations: this.#plans.step.activationBytes,
      states: this.#states.bytes,
      frozen: this.#frozen?.bytes ?? 0,
    };
  }

  get plans(): TrainingPlans {
    return this.#plans;
  }

  /**
   * One update from `options.batch` images and their class numbers. Where the loss is not finite the weights stay as they
   * were, and the running statistics but for what micro-batches before that one said.
   */
  async step(images: readonly StepImage[], labels: Uint32Array, rates: Rates): Promise<StepResult> {
    checkCount('images', images.length, this.options.batch);
    return this.#run(labels, rates, async (from) => {
      const some = images.slice(from, from + this.#micro);
      const features = some.flatMap((image) => ('features' in image ? [image.features] : []));
      if (features.length > 0) {
        for (const [name, values] of joinFeatures(this.config, features)) this.#states.write(name, values);
      }
      for (const [i, image] of some.entries()) if ('photo' in image) await this.#place(image, i);
    });
  }

  /** What the frozen backbone says of a micro-batch of photos, image by image. */
  async features(images: readonly TrainingImage[]): Promise<Float32Array[]> {
    checkCount('images', images.length, this.#micro);
    const { device, config } = this;
    this.#features ??= await open(device, featurePlan(config, this.#micro, device.target), this.#frozen, this.#states);
    for (const [i, image] of images.entries()) await this.#place(image, i);
    const taps = Object.entries(await this.#features.run({})).map(([tap, { data }]) => [tap, data] as const);
    return splitTaps(config, Object.fromEntries(taps), images.length);
  }

  /** The same for x (batch, size, size, 3), already normalised. */
  async stepTensor(x: Float32Array, labels: Uint32Array, rates: Rates): Promise<StepResult> {
    const { batch } = this.options;
    checkCount('values of x', x.length, batch * this.config.size ** 2 * 3);
    const size = x.length / batch;
    return this.#run(labels, rates, async (from) => {
      this.#states.write('x', x.subarray(from * size, (from + this.#micro) * size));
    });
  }

  async #run(labels: Uint32Array, rates: Rates, place: (from: number) => Promise<void>): Promise<StepResult> {
    const { batch, blockMomentum = BLOCK_MOMENTUM } = this.options;
    checkCount('labels', labels.length, batch);
    const wrong = labels.find((label) => label >= this.config.classes.length);
    if (wrong !== undefined) throw mismatch('input', 'training', 'label', wrong, `below ${this.config.classes.length}`);
    const every = {
      rates: Float32Array.of(rates.head, rates.backbone),
      momentum: Float32Array.of(MOMENTUM, blockMomentum),
    };
    const results: Record<string, Tensor>[] = [];
    let finite = true;
    for (let from = 0; from < batch && finite; from += this.#micro) {
      this.#from = from;
      await place(from);
      const feeds = { ...every, labels: labels.slice(from, from + this.#micro), keep: Float32Array.of(from) };
      const result = await this.#step!.run(wanted(this.#step!, feeds));
      finite = Number.isFinite(result.loss!.data[0]);
      results.push(result);
    }
    const losses = results.map(({ loss }) => loss!.data[0]!);
    const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length;
    if (this.#apply && finite) await this.#apply.run(wanted(this.#apply, { ...every, loss: Float32Array.of(loss) }));
    const names = Object.keys(results[0]!).filter((name) => name !== 'loss');
    return { loss, outputs: Object.fromEntries(names.map((name) => [name, joined(results.map((r) => r[name]!))])) };
  }

  /**
   * Running statistics follow one batch of images by `momentum`, and nothing else changes: 1, 1/2, 1/3 ... over a data set
   * gives the mean of what its batches say. False where no batch norm is trained, and nothing to be done.
   */
  async observe(images: readonly TrainingImage[], momentum: number): Promise<boolean> {
    checkCount('images', images.length, this.#micro);
    const { device, config, options } = this;
    const made = this.#statistics ? this.#statistics.plan : statisticsPlan(config, options, device.target);
    if (!made) return false;
    this.#statistics ??= await open(device, made, this.#frozen, this.#states);
    for (const [i, image] of images.entries()) await this.#place(image, i);
    await this.#statistics.run({ momentum: Float32Array.of(momentum, momentum), loss: Float32Array.of(0) });
    return true;
  }

  /**
   * After a step whose loss was not finite: the first value of its forward pass that is not, in the micro-batch where that
   * was so. Undefined where all are.
   */
  async firstNonFinite(labels: Uint32Array): Promise<string | undefined> {
    const { device, config, options } = this;
    const values = forwardValues(config, options);
    for (let i = 0; i < values.length; i += VALUES_AT_A_TIME) {
      const some = values.slice(i, i + VALUES_AT_A_TIME);
      const outputs = Object.fromEntries(some.map((node) => [node.name, node]));
      const made = plan(outputs, { ...device.target, precision: 'f32' }); // or an infinity of another part would be blamed
      const session = await open(device, made, this.#frozen, this.#states);
      try {
        const got = await session.run(wanted(session, { labels: labels.slice(this.#from, this.#from + this.#micro) }));
        const bad = some.find(({ name }) => !got[name]!.data.every(Number.isFinite));
        if (bad) return bad.name;
      } finally {
        session.close();
      }
    }
    return undefined;
  }

  /** A photo becomes image `image` of x. */
  async #place({ photo, crop }: TrainingImage, image: number): Promise<void> {
    const { width, height, data } = photo;
    const { target } = this.device;
    const needed = capacityFor(width, height, this.#preprocessing, target);
    const have = this.#photos?.capacity;
    if (!have || have.pixels < needed.pixels || have.rows < needed.rows) {
      this.#photos?.session.close();
      const capacity = {
        pixels: Math.max(needed.pixels, have?.pixels ?? 0),
        rows: Math.max(needed.rows, have?.rows ?? 0),
      };
      const made = photoPlan(this.config, this.#micro, this.#preprocessing, capacity, target);
      this.#photos = { session: await open(this.device, made, undefined, this.#states), capacity };
    }
    const { words } = geometry(width, height, this.#preprocessing, { ...crop, image });
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    await this.#photos!.session.run({ photo: bytes, geometry: words });
  }

  /** The model's tensors and `velocity.<name>` of its weights, as files have them: what `open` takes. */
  async snapshot(): Promise<Map<string, Tensor>> {
    const tensors = new Map<string, Tensor>();
    for (const [name, tensor] of this.#frozen!.file.tensors) {
      if (!name.startsWith('velocity.')) tensors.set(name, tensor);
    }
    for (const each of this.#kept) tensors.set(each.name, deviceToFile(each, await this.#states.read(each.name)));
    return tensors;
  }

  close(): void {
    for (const session of [this.#step, this.#apply, this.#statistics, this.#features, this.#photos?.session])
      session?.close();
    this.#frozen?.destroy();
    this.#states.destroy();
  }

  /** States that outlive the trainer. A velocity lies on the device like its weight. */
  get #kept(): State[] {
    const { step, apply } = this.#plans;
    const all = new Map([...step.states, ...(apply?.states ?? [])].map((each) => [each.name, each]));
    for (const weight of [...all.values()]) {
      const velocity = all.get(velocityName(weight.name));
      if (velocity) all.set(velocity.name, { ...velocity, permutation: weight.permutation });
    }
    return [...all.values()].filter(({ name }) => name !== 'x' && !name.startsWith('sum.') && !isFeature(name));
  }
}

/** What of the feeds a session reads. */
const wanted = ({ plan }: Session, feeds: Readonly<Record<string, Float32Array | Uint32Array>>) =>
  Object.fromEntries(plan.inputs.map(({ name }) => [name, feeds[name]!]));

function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  if (parts.length === 1) return first;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  parts.forEach((part, i) => {
    data.set(part.data, i * first.data.length);
  });
  return { shape: [first.shape[0]! * parts.length, ...first.shape.slice(1)], data };
}

function checkCount(what: string, got: number, expected: number): void {
  if (got !== expected) throw mismatch('input', 'training', what, got, expected);
}
