// A model on a device: weights from a file, plans made for what is asked, sessions kept for the next time.

import { decodeImage, type Photo, type PhotoSource } from '../data/decode.ts';
import {
  atSize,
  type Capacity,
  capacityFor,
  geometry,
  type PreprocessConfig,
  preprocessPresets,
} from '../data/preprocess.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { checkWeights, readWeights } from '../formats/weights.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { type LayerTime, profile } from '../gpu/profile.ts';
import type { Feed } from '../gpu/session.ts';
import { input } from '../graph/node.ts';
import { preprocess } from '../graph/ops/preprocess.ts';
import { softmax } from '../graph/ops/softmax.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { Tensor } from '../graph/tensor.ts';
import { GEOMETRY_WORDS } from '../kernels/resizeRows.ts';
import { buildModel, expectedParameters, type ModelConfig, parseConfig, SMALLEST_SIZE } from '../model/config.ts';
import { type OpenTimes, SharedSession } from './sharedSession.ts';

export interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

export class Model {
  readonly #weights: Weights;
  #photo: { capacity: Capacity; shared: SharedSession } | undefined;
  #tensor: { shape: string; shared: SharedSession } | undefined;

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
    const config = parseConfig(file.metadata, where);
    checkWeights(file, expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])), where);
    return new Model(device, config, new Weights(device, file, where));
  }

  /** The `top` likeliest classes of a file, picture, video frame or decoded photo, likeliest first. Calls may overlap. */
  async classify(source: PhotoSource, top = 5): Promise<Prediction[]> {
    const photo = await decodeImage(source);
    const { probabilities } = await this.#forPhoto(photo).use((session) => session.run(this.#feeds(photo)));
    return likeliest(probabilities!.data, this.config.classes, top);
  }

  /** Every named output for x (N, H, W, 3), already normalised; N, H and W as the caller likes. */
  async run(x: Tensor): Promise<Record<string, Tensor>> {
    return this.#forShape(x.shape).use((session) => session.run({ x: x.data }));
  }

  /** What opening the session for this photo took; opens it if need be. */
  async prepare(photo: Photo): Promise<OpenTimes> {
    return this.#forPhoto(photo).times;
  }

  /** Milliseconds of every dispatch for this photo, medians of `repeats` runs. */
  async profile(photo: Photo, repeats = 3): Promise<LayerTime[]> {
    return this.#forPhoto(photo).use((session) => profile(session, this.#feeds(photo), repeats));
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

  /** Frees all GPU memory of the model, once the calls under way have their answers. */
  async dispose(): Promise<void> {
    await Promise.all([this.#photo?.shared.retire(), this.#tensor?.shared.retire()]);
    this.#weights.destroy();
  }

  /** The session with room for this photo; a larger one replaces it. */
  #forPhoto(photo: Photo): SharedSession {
    checkPhoto(photo);
    const { target } = this.device;
    const needed = capacityFor(photo.width, photo.height, preprocessConfig(this.config), target);
    const have = this.#photo?.capacity ?? { pixels: 0, rows: 0 };
    if (this.#photo && have.pixels >= needed.pixels && have.rows >= needed.rows) return this.#photo.shared;
    const capacity = {
      pixels: Math.max(needed.pixels, have.pixels),
      rows: Math.max(needed.rows, have.rows),
    };
    const make = () => photoPlan(this.config, capacity, target);
    const opened = { capacity, shared: new SharedSession(this.#weights, make, this.#photo?.shared) };
    this.#photo = opened;
    opened.shared.times.catch(() => {
      if (this.#photo === opened) this.#photo = undefined; // the next call tries again
    });
    return opened.shared;
  }

  #feeds({ width, height, data }: Photo): Record<string, Feed> {
    const { words } = geometry(width, height, preprocessConfig(this.config));
    return { photo: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), geometry: words };
  }

  #forShape(shape: readonly number[]): SharedSession {
    const key = shape.join();
    if (this.#tensor?.shape === key) return this.#tensor.shared;
    checkTensorShape(shape);
    const make = () => plan(modelGraph(this.config, shape), this.device.target);
    const opened = { shape: key, shared: new SharedSession(this.#weights, make, this.#tensor?.shared) };
    this.#tensor = opened;
    opened.shared.times.catch(() => {
      if (this.#tensor === opened) this.#tensor = undefined;
    });
    return opened.shared;
  }
}

/** The graph from x to every named output. */
export function modelGraph(config: ModelConfig, shape: readonly number[]): ReturnType<typeof buildModel> {
  return buildModel(config, input('x', shape));
}

/** The plan from a decoded photo to class probabilities. */
export function photoPlan(config: ModelConfig, capacity: Capacity, target: Target): Plan {
  const photo = input('photo', [capacity.pixels], 'u32', true);
  const crop = input('geometry', [GEOMETRY_WORDS], 'u32');
  const x = preprocess('preprocess', photo, crop, { ...preprocessConfig(config), rows: capacity.rows });
  const { logits } = buildModel(config, x);
  return plan({ probabilities: softmax('probabilities', logits!, 1) }, target);
}

function preprocessConfig(config: ModelConfig): PreprocessConfig {
  return atSize(preprocessPresets[config.preprocessing], config.size);
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
