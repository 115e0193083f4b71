// A model on one device: its weights there, and the sessions that calls have opened, kept for the next of the kind.

import type { Photo } from '../data/decode.ts';
import { type Capacity, capacityFor } from '../data/preprocess.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { States } from '../gpu/states.ts';
import { plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { type ModelConfig, SMALLEST_SIZE } from '../model/config.ts';
import { modelGraph } from './checkModel.ts';
import { batchPlans, checkPhoto, photoFeeds, photoPlan, preprocessConfig } from './photoPlan.ts';
import { SharedSession, withSessions } from './sharedSession.ts';

/** Photos that run at once. */
const BATCH = 8;

/** Kinds of calls on photos whose sessions are kept. */
const KEPT = 3;

/** The sessions of one kind of call. */
interface Opened {
  // Of one target: when kernels have been tuned, new sessions take their place.
  readonly target: Target;
  readonly capacity?: Capacity;
  readonly run: SharedSession;
  /** For several photos: makes one of them an image of the batch, which lies in `states`. */
  readonly place?: SharedSession;
  readonly states?: States;
}

export class DeviceModel {
  readonly #weights: Weights;
  readonly #photos = new Map<string, Opened>();
  #tensor: [key: string, Opened] | undefined;

  constructor(
    readonly device: Device,
    readonly config: ModelConfig,
    file: TensorFile,
    where: string,
  ) {
    this.#weights = new Weights(device, file, where);
  }

  /** Bytes of weights on the device so far. */
  get weightBytes(): number {
    return this.#weights.bytes;
  }

  /** The named outputs for each photo, each (1, ...). */
  async runPhotos(photos: readonly Photo[], names: readonly string[]): Promise<Record<string, Tensor>[]> {
    for (const photo of photos) checkPhoto(photo);
    const answers: Record<string, Tensor>[] = [];
    for (let at = 0; at < photos.length; at += BATCH) {
      const some = photos.slice(at, at + BATCH);
      answers.push(
        ...(some.length === 1 ? [await this.#runPhoto(some[0]!, names)] : await this.#runBatch(some, names)),
      );
    }
    return answers;
  }

  async #runPhoto(photo: Photo, names: readonly string[]): Promise<Record<string, Tensor>> {
    return this.photoSession(photo, names).use((session) => session.run(this.feeds(photo)));
  }

  async #runBatch(photos: readonly Photo[], names: readonly string[]): Promise<Record<string, Tensor>[]> {
    const { place, run } = this.#forPhotos(photos, names);
    const outputs = await withSessions([place!, run], async ([placing, session]) => {
      // All is submitted before anything is waited for: no other batch comes between.
      const placed = photos.map((photo, i) => placing!.run(this.feeds(photo, i)));
      // One wait for all: where the device is lost, each of them rejects.
      const [answer] = await Promise.all([session!.run({}), ...placed]);
      return answer;
    });
    const one = ({ shape, data }: Tensor, i: number): Tensor => {
      const length = data.length / photos.length;
      return { shape: [1, ...shape.slice(1)], data: data.subarray(i * length, (i + 1) * length) };
    };
    return photos.map((_, i) =>
      Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, one(tensor, i)])),
    );
  }

  /** The named outputs for x (N, H, W, 3). */
  runTensor(x: Tensor, outputs: readonly string[] | undefined): Promise<Record<string, Tensor>> {
    return this.#forShape(x.shape, outputs).run.use((session) => session.run({ x: x.data }));
  }

  feeds = (photo: Photo, image?: number) => photoFeeds(photo, this.config, image);

  /** The session of one photo and these outputs. */
  photoSession(photo: Photo, names: readonly string[]): SharedSession {
    checkPhoto(photo);
    return this.#forPhotos([photo], names).run;
  }

  /** Frees all GPU memory of the model, once the calls under way have their answers. */
  async dispose(): Promise<void> {
    const all = [...this.#photos.values(), ...(this.#tensor ? [this.#tensor[1]] : [])];
    this.#photos.clear();
    this.#tensor = undefined;
    await Promise.all(all.map(retire));
    this.#weights.destroy();
  }

  /** Sessions with room for these photos; larger ones replace those of the kind. */
  #forPhotos(photos: readonly Photo[], names: readonly string[]): Opened {
    const key = `${photos.length} ${names.join()}`;
    const { device, config } = this;
    const { target } = device;
    const have = this.#photos.get(key);
    const preprocessing = preprocessConfig(config);
    const needed = photos.map(({ width, height }) => capacityFor(width, height, preprocessing, target));
    const known = have?.capacity ?? { pixels: 0, rows: 0 };
    const capacity = {
      pixels: Math.max(...needed.map(({ pixels }) => pixels), known.pixels),
      rows: Math.max(...needed.map(({ rows }) => rows), known.rows),
    };
    const enough = have?.target === target && capacity.pixels === known.pixels && capacity.rows === known.rows;
    const opened = enough ? have : { target, capacity, ...this.#openPhotos(photos.length, capacity, names, have) };
    this.#photos.delete(key); // the last is the one used last
    this.#photos.set(key, opened);
    if (!enough) {
      this.#forgetFailed(opened, () => this.#photos.get(key) === opened && this.#photos.delete(key));
      if (have?.states) retire(have);
    }
    const [oldest] = this.#photos;
    if (this.#photos.size > KEPT && oldest) {
      this.#photos.delete(oldest[0]);
      retire(oldest[1]);
    }
    return opened;
  }

  #openPhotos(images: number, capacity: Capacity, names: readonly string[], have: Opened | undefined) {
    const { device, config } = this;
    const weights = this.#weights;
    if (images === 1) {
      const make = () => photoPlan(config, capacity, device.target, names);
      return { run: new SharedSession(weights, make, { replaces: have?.run }) };
    }
    const plans = batchPlans(config, images, capacity, device.target, names);
    const states = new States(device);
    const place = new SharedSession(weights, plans.place, { replaces: have?.place, states });
    return { states, place, run: new SharedSession(weights, plans.run, { replaces: have?.run, states }) };
  }

  #forShape(shape: readonly number[], outputs: readonly string[] | undefined): Opened {
    const key = `${shape.join()} ${outputs?.join() ?? ''}`;
    const { target } = this.device;
    const have = this.#tensor;
    if (have?.[0] === key && have[1].target === target) return have[1];
    checkTensorShape(shape);
    const graph = modelGraph(this.config, shape, outputs);
    const run = new SharedSession(this.#weights, () => plan(graph, target), { replaces: have?.[1].run });
    const opened = { target, run };
    this.#tensor = [key, opened];
    this.#forgetFailed(opened, () => {
      if (this.#tensor?.[1] === opened) this.#tensor = undefined;
    });
    return opened;
  }

  /** What could not be opened is opened again by the next call; a session that did open beside it is closed. */
  #forgetFailed(opened: Opened, forget: () => void): void {
    const failed = () => {
      forget();
      retire(opened);
    };
    for (const session of [opened.run, opened.place]) session?.times.catch(failed);
  }
}

async function retire({ run, place, states }: Opened): Promise<void> {
  await Promise.all([run.retire(), place?.retire()]);
  states?.destroy();
}

function checkTensorShape(shape: readonly number[]): void {
  const [, h = 0, w = 0, c] = shape;
  if (shape.length !== 4 || c !== 3) throw mismatch('input', 'run', 'shape of x', [...shape], '(N, H, W, 3)');
  if (h >= SMALLEST_SIZE && w >= SMALLEST_SIZE) return;
  const least = `at least ${SMALLEST_SIZE} x ${SMALLEST_SIZE}`;
  throw new PlumageError('input', `run: image ${h} x ${w} is too small, expected ${least}`);
}
