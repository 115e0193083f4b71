// A model on a device: weights from a file, plans made for what is asked, sessions kept for the next time.

import {
  atSize,
  type Capacity,
  capacityFor,
  croppedPart,
  geometry,
  type PreprocessConfig,
  preprocessPresets,
  type Rectangle,
  stretched,
} from '../data/preprocess.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { checkWeights, readWeights } from '../formats/weights.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { type LayerTime, profile } from '../gpu/profile.ts';
import { type Feed, open, type Session } from '../gpu/session.ts';
import { input, type Node } from '../graph/node.ts';
import { preprocess } from '../graph/ops/preprocess.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { GEOMETRY_WORDS } from '../kernels/resizeRows.ts';
import {
  buildModel,
  expectedParameters,
  type ModelConfig,
  parseConfig,
  predictionOf,
  SMALLEST_SIZE,
} from '../model/config.ts';

/** A decoded photo: RGBA, 8 bits a channel, row-major, opaque. */
export interface Photo {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

/** Where the network looks on a photo. */
export interface Attention {
  /** `attention1`..`attention3` (1, H_i, W_i): each sums to 1. */
  readonly maps: Readonly<Record<string, Tensor>>;
  /** What the maps lie over, in pixels of the photo. */
  readonly crop: Rectangle;
}

/** Milliseconds of what happened when a session was opened. */
export interface OpenTimes {
  plan: number;
  pipelines: number;
}

interface Opened {
  readonly key: string;
  readonly session: Session;
  readonly times: OpenTimes;
}

export class Model {
  readonly #weights: Weights;
  #photo: Promise<Opened> | undefined;
  #photoCapacity: Capacity | undefined;
  #tensor: Promise<Opened> | undefined;
  #tensorKey = '';

  private constructor(
    readonly device: Device,
    readonly config: ModelConfig,
    weights: Weights,
  ) {
    this.#weights = weights;
  }

  /** Reads a weights file (safetensors or torch.save's zip) and checks it against the model that it describes. */
  static load(device: Device, bytes: Uint8Array, where = 'weights'): Model {
    const file = readWeights(bytes, where);
    const config = checkModel(file, where);
    return new Model(device, config, new Weights(device, file, where));
  }

  /** The `top` likeliest classes, likeliest first. Calls may overlap. */
  async classify(photo: Photo, top = 5): Promise<Prediction[]> {
    const { session, feeds } = await this.#photoSession(photo);
    const { probabilities } = await session.run(feeds);
    return likeliest(probabilities!.data, this.config.classes, top);
  }

  /**
   * The named outputs for x (N, H, W, 3), already normalised; N, H and W as the caller likes. Without `outputs` all but the
   * attention maps, which cost nothing where nobody asks for them.
   */
  async run(x: Tensor, outputs?: readonly string[]): Promise<Record<string, Tensor>> {
    return (await this.#tensorSession(x.shape, outputs)).session.run({ x: x.data });
  }

  /**
   * The attention maps of the three branches. They have a plan of their own, which costs nothing where nobody asks.
   * Rejects with code `input` for a model without them.
   */
  async attention(photo: Photo): Promise<Attention> {
    checkPhoto(photo);
    const { config, device } = this;
    const [{ width, height }, preprocessing] = [photo, preprocessConfig(config)];
    const capacity = capacityFor(width, height, preprocessing, device.target);
    const maps = buildModel(config, photoInput(config, capacity), ['attention1', 'attention2', 'attention3']);
    const session = await open(device, plan(maps, device.target), this.#weights);
    try {
      const crop = croppedPart(width, height, preprocessing);
      return { crop, maps: await session.run(photoFeeds(photo, preprocessing)) };
    } finally {
      session.close();
    }
  }

  /** What opening the session for this photo took; opens it if need be. */
  async prepare(photo: Photo): Promise<OpenTimes> {
    await this.#photoSession(photo);
    return (await this.#photo!).times;
  }

  /** Milliseconds of every dispatch for this photo, medians of `repeats` runs. */
  async profile(photo: Photo, repeats = 3): Promise<LayerTime[]> {
    const { session, feeds } = await this.#photoSession(photo);
    return profile(session, feeds, repeats);
  }

  /** The plan for photos of this size. */
  plan(width = this.config.size, height = this.config.size): Plan {
    const preprocessing = preprocessConfig(this.config);
    return photoPlan(this.config, capacityFor(width, height, preprocessing, this.device.target), this.device.target);
  }

  /** Bytes of weights on the device so far. */
  get weightBytes(): number {
    return this.#weights.bytes;
  }

  /** Frees all GPU memory of the model. */
  async dispose(): Promise<void> {
    for (const opened of [this.#photo, this.#tensor]) (await opened?.catch(() => undefined))?.session.close();
    this.#weights.destroy();
  }

  async #photoSession(photo: Photo): Promise<{ session: Session; feeds: Record<string, Feed> }> {
    checkPhoto(photo);
    const preprocessing = preprocessConfig(this.config);
    const needed = capacityFor(photo.width, photo.height, preprocessing, this.device.target);
    const have = this.#photoCapacity;
    if (!have || have.pixels < needed.pixels || have.rows < needed.rows) {
      const pixels = Math.max(needed.pixels, have?.pixels ?? 0);
      const rows = Math.max(needed.rows, have?.rows ?? 0);
      this.#photoCapacity = { pixels, rows };
      const before = this.#photo;
      this.#photo = this.#open(
        `${pixels} pixels`,
        () => photoPlan(this.config, { pixels, rows }, this.device.target),
        before,
      );
      this.#photo.catch(() => {
        this.#photoCapacity = undefined;
      });
    }
    return { session: (await this.#photo!).session, feeds: photoFeeds(photo, preprocessing) };
  }

  async #tensorSession(shape: readonly number[], outputs: readonly string[] | undefined): Promise<Opened> {
    const key = `${shape.join()} ${outputs?.join() ?? ''}`;
    if (this.#tensorKey !== key) {
      checkTensorShape(shape);
      const graph = modelGraph(this.config, shape, outputs);
      this.#tensorKey = key;
      this.#tensor = this.#open(key, () => plan(graph, this.device.target), this.#tensor);
      this.#tensor.catch(() => {
        this.#tensorKey = '';
      });
    }
    return this.#tensor!;
  }

  /** Closes the session before it: GPU memory holds one of a kind. */
  async #open(key: string, make: () => Plan, before: Promise<Opened> | undefined): Promise<Opened> {
    (await before?.catch(() => undefined))?.session.close();
    const start = performance.now();
    const made = make();
    const planned = performance.now();
    const session = await open(this.device, made, this.#weights);
    return { key, session, times: { plan: planned - start, pipelines: performance.now() - planned } };
  }
}

/** The graph from x (N, H, W, 3) to the outputs by name; without `outputs` all but the attention maps. */
export function modelGraph(
  config: ModelConfig,
  shape: readonly number[],
  outputs?: readonly string[],
): ReturnType<typeof buildModel> {
  return buildModel(config, input('x', shape), outputs);
}

/**
 * The configuration in a weights file, checked, and the tensors against the model that it describes.
 * @throws PlumageError `weights` in one line; `where` names the file.
 */
export function checkModel(file: TensorFile, where: string): ModelConfig {
  const config = parseConfig(file.metadata, where);
  const last = config.model === 'plain' ? 'backbone.fc.weight' : 'heads.1.fc2.weight';
  const rows = file.tensors.get(last)?.shape[0] ?? config.classes.length;
  if (config.classes.length !== rows) {
    const expected = `${rows}, one for each output of the network`;
    throw mismatch('weights', `${where}: configuration`, 'class names', config.classes.length, expected);
  }
  checkWeights(file, expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])), where);
  return config;
}

/** The plan from a decoded photo to class probabilities. */
export function photoPlan(config: ModelConfig, capacity: Capacity, target: Target): Plan {
  const name = predictionOf(config);
  const logits = buildModel(config, photoInput(config, capacity), [name])[name]!;
  return plan({ probabilities: softmax('probabilities', logits, 1) }, target);
}

/** x (1, size, size, 3) of a decoded photo that `photoFeeds` brings. */
function photoInput(config: ModelConfig, { pixels, rows }: Capacity): Node {
  const photo = input('photo', [pixels], 'u32', true);
  const crop = input('geometry', [GEOMETRY_WORDS], 'u32');
  return preprocess('preprocess', photo, crop, { ...preprocessConfig(config), rows });
}

function photoFeeds({ width, height, data }: Photo, preprocessing: PreprocessConfig): Record<string, Feed> {
  const photo = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { photo, geometry: geometry(width, height, preprocessing).words };
}

function preprocessConfig({ model, preprocessing, size }: ModelConfig): PreprocessConfig {
  const preset = preprocessPresets[preprocessing];
  return atSize(model === 'plain' ? preset : stretched(preset), size);
}

/** The `top` largest probabilities with their labels. */
export function likeliest(probabilities: Float32Array, classes: readonly string[], top: number): Prediction[] {
  return Array.from(probabilities, (probability, index) => ({
    label: classes[index] ?? `${index}`,
    index,
    probability,
  }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, top);
}

function checkPhoto({ width, height, data }: Photo): void {
  if (!(width > 0 && height > 0))
    throw mismatch('input', 'classify', 'size of the photo', [width, height], 'at least 1 x 1');
  if (data.length !== 4 * width * height) {
    throw mismatch(
      'input',
      'classify',
      'bytes of the photo',
      data.length,
      `${4 * width * height} (RGBA ${width} x ${height})`,
    );
  }
}

function checkTensorShape(shape: readonly number[]): void {
  const [, h = 0, w = 0, c] = shape;
  if (shape.length !== 4 || c !== 3) throw mismatch('input', 'run', 'shape of x', [...shape], '(N, H, W, 3)');
  if (h < SMALLEST_SIZE || w < SMALLEST_SIZE) {
    throw new PlumageError(
      'input',
      `run: image ${h} x ${w} is too small, expected at least ${SMALLEST_SIZE} x ${SMALLEST_SIZE}`,
    );
  }
}
