// A model on a device: weights from a file, plans made for what is asked, sessions kept for the next time.

import { decodeImage, type Photo, type PhotoSource } from '../data/decode.ts';
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
import { checkFinite, checkShapes, checkWeights, readWeights } from '../formats/weights.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { Pace } from '../gpu/pace.ts';
import { type LayerTime, profile } from '../gpu/profile.ts';
import type { Feed } from '../gpu/session.ts';
import { input, type Node, type Shape } from '../graph/node.ts';
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
import { type OpenTimes, SharedSession } from './sharedSession.ts';

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

export class Model {
  readonly #weights: Weights;
  // Of one target: when kernels have been tuned, new sessions take their place.
  /** Sessions of `attention`, each for one call. */
  readonly #attending = new Set<SharedSession>();
  #photo: { names?: string; capacity: Capacity; target: Target; shared: SharedSession } | undefined;
  #tensor: { key: string; target: Target; shared: SharedSession } | undefined;

  private constructor(
    readonly device: Device,
    readonly config: ModelConfig,
    weights: Weights,
  ) {
    this.#weights = weights;
  }

  /** Reads a weights file (safetensors or torch.save's zip) and checks it against the model that it describes. */
  static async load(device: Device, bytes: Uint8Array, where = 'weights'): Promise<Model> {
    const file = readWeights(bytes, where);
    const { config, expected } = describeModel(file, where);
    checkShapes(file, expected, where);
    const pace = new Pace();
    for (const name of expected.keys()) {
      checkFinite(file, name, where);
      if (pace.due) await pace.rest();
    }
    return new Model(device, config, new Weights(device, file, where));
  }

  /** The `top` likeliest classes of a file, picture, video frame or decoded photo, likeliest first. Calls may overlap. */
  async classify(source: PhotoSource, top = 5): Promise<Prediction[]> {
    const { probabilities } = await this.outputs(await decodeImage(source));
    return likeliest(probabilities!.data, this.config.classes, top);
  }

  /** The named outputs of the network for a photo, each (1, ...); without names `probabilities`. Calls may overlap. */
  async outputs(photo: Photo, names?: readonly string[]): Promise<Record<string, Tensor>> {
    const feeds = photoFeeds(photo, preprocessConfig(this.config));
    return this.#forPhoto(photo, names).use((session) => session.run(feeds));
  }

  /**
   * The named outputs for x (N, H, W, 3), already normalised; N, H and W as the caller likes. Without `outputs` all but the
   * attention maps, which cost nothing where nobody asks for them.
   */
  async run(x: Tensor, outputs?: readonly string[]): Promise<Record<string, Tensor>> {
    return this.#forShape(x.shape, outputs).use((session) => session.run({ x: x.data }));
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
    const names = ['attention1', 'attention2', 'attention3'];
    const make = () => photoPlan(config, capacity, device.target, names);
    const shared = new SharedSession(this.#weights, make);
    this.#attending.add(shared);
    try {
      const crop = croppedPart(width, height, preprocessing);
      return { crop, maps: await shared.use((session) => session.run(photoFeeds(photo, preprocessing))) };
    } finally {
      await shared.retire();
      this.#attending.delete(shared);
    }
  }

  /** What opening the session for this photo took; opens it if need be. */
  async prepare(photo: Photo): Promise<OpenTimes> {
    return this.#forPhoto(photo).times;
  }

  /** Milliseconds of every dispatch for this photo, medians of `repeats` runs. */
  async profile(photo: Photo, repeats = 3): Promise<LayerTime[]> {
    const feeds = photoFeeds(photo, preprocessConfig(this.config));
    return this.#forPhoto(photo).use((session) => profile(session, feeds, repeats));
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
    const attending = [...this.#attending].map((shared) => shared.retire());
    await Promise.all([this.#photo?.shared.retire(), this.#tensor?.shared.retire(), ...attending]);
    this.#weights.destroy();
  }

  /** The session with room for this photo; a larger one, or one for other outputs, replaces it. */
  #forPhoto(photo: Photo, outputs?: readonly string[]): SharedSession {
    checkPhoto(photo);
    const names = outputs?.join();
    const { target } = this.device;
    const needed = capacityFor(photo.width, photo.height, preprocessConfig(this.config), target);
    const have = this.#photo?.capacity ?? { pixels: 0, rows: 0 };
    const enough = have.pixels >= needed.pixels && have.rows >= needed.rows;
    if (this.#photo?.target === target && this.#photo.names === names && enough) return this.#photo.shared;
    const capacity = {
      pixels: Math.max(needed.pixels, have.pixels),
      rows: Math.max(needed.rows, have.rows),
    };
    const make = () => photoPlan(this.config, capacity, target, outputs);
    const opened = { names, capacity, target, shared: new SharedSession(this.#weights, make, this.#photo?.shared) };
    this.#photo = opened;
    opened.shared.times.catch(() => {
      if (this.#photo === opened) this.#photo = undefined; // the next call tries again
    });
    return opened.shared;
  }

  #forShape(shape: readonly number[], outputs: readonly string[] | undefined): SharedSession {
    const key = `${shape.join()} ${outputs?.join() ?? ''}`;
    const { target } = this.device;
    if (this.#tensor?.key === key && this.#tensor.target === target) return this.#tensor.shared;
    checkTensorShape(shape);
    const graph = modelGraph(this.config, shape, outputs);
    const make = () => plan(graph, target);
    const opened = { key, target, shared: new SharedSession(this.#weights, make, this.#tensor?.shared) };
    this.#tensor = opened;
    opened.shared.times.catch(() => {
      if (this.#tensor === opened) this.#tensor = undefined;
    });
    return opened.shared;
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
  const { config, expected } = describeModel(file, where);
  checkWeights(file, expected, where);
  return config;
}

function describeModel(file: TensorFile, where: string): { config: ModelConfig; expected: Map<string, Shape> } {
  const config = parseConfig(file.metadata, where);
  const last = config.model === 'plain' ? 'backbone.fc.weight' : 'heads.1.fc2.weight';
  const rows = file.tensors.get(last)?.shape[0] ?? config.classes.length;
  if (config.classes.length !== rows) {
    const expected = `${rows}, one for each output of the network`;
    throw mismatch('weights', `${where}: configuration`, 'class names', config.classes.length, expected);
  }
  return { config, expected: expectedParameters(modelGraph(config, [1, SMALLEST_SIZE, SMALLEST_SIZE, 3])) };
}

/** The plan from a decoded photo to the named outputs; without names to class `probabilities`. */
export function photoPlan(config: ModelConfig, capacity: Capacity, target: Target, names?: readonly string[]): Plan {
  const name = predictionOf(config);
  const outputs = buildModel(config, photoInput(config, capacity), names ?? [name]);
  return plan(names ? outputs : { probabilities: softmax('probabilities', outputs[name]!, 1) }, target);
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

export function preprocessConfig({ model, preprocessing, size }: ModelConfig): PreprocessConfig {
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
