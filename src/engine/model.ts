// A model: what an image shows, where the network looks, and features for one's own ends. It lives on its engine's device,
// and moves to the next one when that is lost.

import { decodeImage, type Photo, type PhotoSource } from '../data/decode.ts';
import { capacityFor, croppedPart, type Rectangle } from '../data/preprocess.ts';
import { mismatch, PlumageError } from '../errors.ts';
import { checkFinite, checkShapes, readWeights } from '../formats/weights.ts';
import type { Device } from '../gpu/device.ts';
import { Pace } from '../gpu/pace.ts';
import { type LayerTime, profile } from '../gpu/profile.ts';
import type { Plan } from '../graph/plan.ts';
import type { Tensor, TensorFile } from '../graph/tensor.ts';
import { embeddingOf, type ModelConfig } from '../model/config.ts';
import { hasAttentionMaps } from '../model/hasAttentionMaps.ts';
import { type Abortable, abortable, checkAborted } from './abort.ts';
import { describeModel } from './checkModel.ts';
import { classActivation } from './classActivation.ts';
import { DeviceModel } from './deviceModel.ts';
import type { Progress } from './download.ts';
import { likeliest, type Prediction } from './likeliest.ts';
import { PROBABILITIES, photoPlan, preprocessConfig } from './photoPlan.ts';
import type { OpenTimes } from './sharedSession.ts';
import { withSmaller } from './smaller.ts';

export interface ClassifyOptions extends Abortable {
  /** How many of the likeliest classes, 5 by default. */
  readonly top?: number;
  /** Where the network looked, too. */
  readonly maps?: boolean;
}

export interface Classification {
  /** The likeliest classes, likeliest first. */
  readonly predictions: Prediction[];
  /** Of the decoded photo. */
  readonly width: number;
  readonly height: number;
  /** The part of the photo that the network saw, and that maps lie over, in pixels of the photo. */
  readonly crop: Rectangle;
  /**
   * With `maps`: the three branches' `attention1`..`attention3` (1, H_i, W_i), each of which sums to 1; of a plain network
   * the class `activation` (1, H, W) of the likeliest class.
   */
  readonly maps?: Readonly<Record<string, Tensor>>;
  /** Of the whole call, the share of a batch: decoding, and from then to the answer; the first also compiles. */
  readonly milliseconds: { readonly decode: number; readonly run: number };
}

/** What a model lives on: the device in use, and the one that comes when it is lost. */
export interface Host {
  readonly device: Device;
  /** Resolves when another device has taken the place of the lost one; rejects where none can. */
  restore?(lost: Device): Promise<void>;
}

export class Model {
  #on: DeviceModel;
  /** Under way. */
  readonly #calls = new Set<Promise<unknown>>();
  #disposed = false;

  private constructor(
    private readonly host: Host,
    readonly config: ModelConfig,
    private readonly file: TensorFile,
    private readonly where: string,
  ) {
    this.#on = new DeviceModel(host.device, config, file, where);
  }

  /** Reads a weights file (safetensors or torch.save's zip) and checks it against the model that it describes. */
  static async load(
    host: Host,
    bytes: Uint8Array,
    where = 'weights',
    { signal, onProgress }: Abortable & { onProgress?: (progress: Progress) => void } = {},
  ): Promise<Model> {
    const pace = new Pace();
    await pace.rest(); // what came before, the end of a download, was a long task already
    const file = await readWeights(bytes, where);
    const { config, expected } = describeModel(file, where);
    checkShapes(file, expected, where);
    let done = 0;
    for (const name of expected.keys()) {
      checkFinite(file, name, where);
      onProgress?.({ stage: 'check', done: ++done, total: expected.size });
      if (pace.due) await pace.rest();
      checkAborted(signal, where);
    }
    return new Model(host, config, file, where);
  }

  /**
   * The likeliest classes of a file, picture, video frame or decoded photo, or of several at once, which a GPU does faster
   * than one by one. Calls may overlap. Rejects with code `input` for what cannot be decoded, and for `maps` of a network
   * that has none.
   */
  classify(source: PhotoSource, options?: ClassifyOptions): Promise<Classification>;
  classify(sources: readonly PhotoSource[], options?: ClassifyOptions): Promise<Classification[]>;
  async classify(given: PhotoSource | readonly PhotoSource[], options: ClassifyOptions = {}) {
    const { top = 5, maps = false, signal } = options;
    const names = [PROBABILITIES, ...(maps ? mapNames(this.config) : [])];
    return this.#each(given, signal, 'classify', names, (outputs, photo, milliseconds) => {
      const predictions = likeliest(outputs[PROBABILITIES]!.data, this.config.classes, top);
      const { width, height } = photo;
      const crop = croppedPart(width, height, preprocessConfig(this.config));
      return { predictions, width, height, crop, milliseconds, ...(maps && { maps: this.#maps(outputs) }) };
    });
  }

  /**
   * The features that the network makes its decision from: 2048 averages of a plain network, 3 d maxima of the others. Two
   * photos of like things have like features.
   */
  embed(source: PhotoSource, options?: Abortable): Promise<Float32Array>;
  embed(sources: readonly PhotoSource[], options?: Abortable): Promise<Float32Array[]>;
  async embed(given: PhotoSource | readonly PhotoSource[], { signal }: Abortable = {}) {
    const name = embeddingOf(this.config);
    return this.#each(given, signal, 'embed', [name], (outputs) => outputs[name]!.data);
  }

  /** The named outputs of the network for a photo, each (1, ...). Calls may overlap. */
  async outputs(photo: Photo, names: readonly string[], { signal }: Abortable = {}): Promise<Record<string, Tensor>> {
    const work = () => this.#surviving((on) => on.runPhotos([photo], names));
    const [outputs] = await abortable(signal, 'outputs', () => this.#call(work));
    return outputs!;
  }

  /**
   * The named outputs for x (N, H, W, 3), already normalised; N, H and W as the caller likes. Without `outputs` all but
   * maps and features, which cost nothing where nobody asks for them.
   */
  async run(x: Tensor, outputs?: readonly string[], { signal }: Abortable = {}): Promise<Record<string, Tensor>> {
    const work = () => this.#surviving((on) => on.runTensor(x, outputs));
    return abortable(signal, 'run', () => this.#call(work));
  }

  /** Opens what classify() needs for this photo, if need be, and says what that took. */
  async prepare(source: PhotoSource, { signal }: Abortable = {}): Promise<OpenTimes> {
    const work = async () => {
      const photo = await decodeImage(source);
      return this.#surviving((on) => on.photoSession(photo, [PROBABILITIES]).times);
    };
    return abortable(signal, 'prepare', () => this.#call(work));
  }

  /** Milliseconds of every dispatch for this photo, medians of `repeats` runs, 3 by default. */
  async profile(source: PhotoSource, options: Abortable & { repeats?: number } = {}): Promise<LayerTime[]> {
    const { signal, repeats } = options;
    const work = async () => {
      const photo = await decodeImage(source);
      return this.#surviving((on) => {
        const shared = on.photoSession(photo, [PROBABILITIES]);
        return shared.use((session) => profile(session, on.feeds(photo), repeats));
      });
    };
    return abortable(signal, 'profile', () => this.#call(work));
  }

  /** The plan for photos of this size. */
  plan(width = this.config.size, height = this.config.size): Plan {
    return this.#plan(this.config, width, height);
  }

  /** Bytes of weights on the device so far. */
  get weightBytes(): number {
    return this.#on.weightBytes;
  }

  /** Frees all GPU memory of the model, once the calls under way have their answers. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    await Promise.allSettled(this.#calls);
    await this.#on.dispose();
  }

  #plan(config: ModelConfig, width = config.size, height = config.size): Plan {
    const { target } = this.host.device;
    return photoPlan(config, capacityFor(width, height, preprocessConfig(config), target), target);
  }

  /** Decodes what was given, runs it, and makes an answer of each photo's outputs. */
  async #each<T>(
    given: PhotoSource | readonly PhotoSource[],
    signal: AbortSignal | undefined,
    where: string,
    names: readonly string[],
    answer: (outputs: Record<string, Tensor>, photo: Photo, milliseconds: Classification['milliseconds']) => T,
  ): Promise<T | T[]> {
    const several = Array.isArray(given);
    const sources: readonly PhotoSource[] = several ? given : [given as PhotoSource];
    const work = async () => {
      const start = performance.now();
      const photos = await Promise.all(sources.map(decodeImage));
      const decoded = performance.now();
      checkAborted(signal, where);
      const outputs = await this.#surviving((on) => on.runPhotos(photos, names));
      const share = (from: number, to: number) => (to - from) / photos.length;
      const milliseconds = { decode: share(start, decoded), run: share(decoded, performance.now()) };
      const answers = photos.map((photo, i) => answer(outputs[i]!, photo, milliseconds));
      return several ? answers : answers[0]!;
    };
    return abortable(signal, where, () => this.#call(work));
  }

  /** A call, which dispose() waits for, though its caller may not. */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#disposed) throw new PlumageError('input', `${this.where}: the model is disposed of - load it again`);
    const call = work();
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Work on the device; once more on the next one, where it is lost meanwhile. */
  async #surviving<T>(work: (on: DeviceModel) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      const on = this.#here();
      try {
        return await work(on);
      } catch (error) {
        if (!(error instanceof PlumageError)) throw error;
        if (/out of GPU memory/.test(error.message))
          throw withSmaller(error, this.config, (config) => this.#plan(config));
        if (error.code !== 'lost' || again || !this.host.restore) throw error;
        await this.host.restore(on.device);
      }
    }
  }

  /** On the device in use: the file in memory is what a new one gets its weights from. */
  #here(): DeviceModel {
    const { host, config, file, where } = this;
    if (this.#on.device !== host.device) {
      this.#on.dispose(); // nothing is left of it but names
      this.#on = new DeviceModel(host.device, config, file, where);
    }
    return this.#on;
  }

  #maps(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
    const { layer4 } = outputs;
    if (!layer4) return Object.fromEntries(mapNames(this.config).map((name) => [name, outputs[name]!]));
    const weight = this.file.tensors.get('backbone.fc.weight')!;
    const { data } = outputs[PROBABILITIES]!;
    return { activation: classActivation(layer4, weight, data.indexOf(Math.max(...data))) };
  }
}

/** The outputs that maps are made of. */
function mapNames(config: ModelConfig): string[] {
  if (config.model === 'plain') return ['layer4'];
  if (hasAttentionMaps(config)) return ['attention1', 'attention2', 'attention3'];
  throw mismatch('input', 'classify', 'maps', 'true', 'false, for this network has no attention between positions');
}
