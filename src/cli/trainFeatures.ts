// What a frozen backbone says of the training images, computed once and kept in the run's folder: without augmentation it is
// the same in every epoch.

import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { PlumageError } from '../errors.ts';
import type { LabelledImage } from '../node/datasets/dataset.ts';
import { Loader } from '../node/loader.ts';
import type { ImageStream } from '../train/batches.ts';
import { trainingImages } from '../train/epoch.ts';
import { featureCount } from '../train/features.ts';
import type { Recipe } from '../train/recipe.ts';
import type { Trainer, TrainingImage } from '../train/trainer.ts';
import { readInput } from './readInput.ts';
import { cannotWrite, replaceFile } from './replaceFile.ts';
import type { RunFolder } from './runFolder.ts';
import { bytesText } from './text.ts';
import { sizeCheck } from './trainData.ts';
import type { Run } from './trainRun.ts';

/** Beside the values: what they are of, and which images could not be read. */
interface FeatureIndex {
  readonly of: string;
  readonly errors: Readonly<Record<number, string>>;
}

/** Whether every epoch sees the same values of the backbone. */
export const keepsFeatures = ({ freeze, augment }: Recipe): boolean => freeze === 'backbone' && !augment;

/** Says how much disk features.bin takes, unless the run has it already. @throws PlumageError `input` where that is not there. */
export function checkRoom({ request, data, progress }: Run): void {
  const { folder, config } = request;
  if (folder.has('features')) return;
  const each = 4 * featureCount(config.network);
  const needed = each * data.train.length;
  const { bavail, bsize } = statfsSync(folder.path);
  const [file, free] = [folder.file('features'), bytesText(bavail * bsize)];
  progress.line(
    `features of the frozen backbone: ${bytesText(each)} an image, ${bytesText(needed)} in ${file}, ${free} free`,
  );
  if (needed > bavail * bsize) {
    throw new PlumageError(
      'input',
      `${file}: needs ${bytesText(needed)}, ${free} are free - make room, or --set augment=true`,
    );
  }
}

/** Makes features.bin unless the run has it already. */
export async function keepFeatures(run: Run, trainer: Trainer): Promise<void> {
  const { folder, config } = run.request;
  const of = contentOf(run);
  if (folder.has('featureIndex') && folder.has('features') && readIndex(folder).of === of) return;
  const file = folder.file('features');
  const each = 4 * featureCount(config.network);
  const partial = `${file}.${process.pid}.partial`;
  try {
    const handle = openSync(partial, 'w');
    let errors: FeatureIndex['errors'];
    try {
      errors = await run.progress.during('computing features', () => writeAll(run, trainer, handle, each));
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(partial, file);
    const index: FeatureIndex = { of, errors };
    replaceFile(folder.file('featureIndex'), Buffer.from(`${JSON.stringify(index)}\n`));
  } catch (error) {
    if (existsSync(partial)) rmSync(partial);
    throw error instanceof PlumageError ? error : cannotWrite(file, error);
  }
}

/** Tells values apart: by the images and how they are cut, the network, and the weights of its backbone. */
function contentOf({ request, data }: Run): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([data.fingerprint, data.banner, request.config.network]));
  for (const [name, { data: values }] of request.tensors) {
    if (!name.startsWith('backbone.')) continue;
    hash.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

const readIndex = (folder: RunFolder): FeatureIndex =>
  JSON.parse(Buffer.from(readInput(folder.file('featureIndex'), 'features')).toString());

async function writeAll(
  { request, data, engine, pool, progress, signal }: Run,
  trainer: Trainer,
  handle: number,
  each: number,
) {
  const { recipe, network } = request.config;
  const check = sizeCheck(network, engine.device.target);
  const size = recipe.microBatch || recipe.batch;
  const errors: Record<number, string> = {};
  const loader = new Loader(pool, data.train, { banner: data.banner, ahead: size + 2 * pool.workers, check });
  let waiting: { readonly index: number; readonly image: TrainingImage }[] = [];
  const flush = async () => {
    if (waiting.length === 0) return;
    const images = waiting.map(({ image }) => image);
    // The last ones are filled up: a plan has one batch size.
    while (images.length < size) images.push(images[0]!);
    const features = await trainer.features(images);
    for (const [i, { index }] of waiting.entries()) writeWhole(handle, features[i]!, index * each);
    waiting = [];
  };
  try {
    for (let index = 0; ; index++) {
      const loaded = await loader.next();
      if (signal.aborted)
        throw new PlumageError('aborted', 'train: stopped before the first step - go on with --resume');
      if (!loaded) break;
      if (loaded.photo) waiting.push({ index, image: { photo: loaded.photo } });
      else errors[index] = loaded.error.message;
      if (waiting.length === size) await flush();
      progress.count(index + 1, data.train.length, 'images');
    }
    await flush();
  } finally {
    loader.close();
  }
  return errors;
}

function writeWhole(handle: number, { buffer, byteOffset, byteLength }: Float32Array, position: number): void {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, bytes.length - at, position + at);
}

/** The kept features in the order of training. */
export function featureStream(run: Run, start: { epoch: number; position: number }): ImageStream & { close(): void } {
  const { request, data } = run;
  const { folder, config } = request;
  const { errors } = readIndex(folder);
  const count = featureCount(config.network);
  const handle = openSync(folder.file('features'), 'r');
  const images = trainingImages(config.recipe, data.train satisfies readonly LabelledImage[], start);
  return {
    async next() {
      const { value: image, done } = images.next();
      if (done) return undefined;
      const message = errors[image.index];
      if (message !== undefined) return { image, error: new PlumageError('input', message) };
      const features = new Float32Array(count);
      const bytes = new Uint8Array(features.buffer);
      const read = readSync(handle, bytes, 0, bytes.length, image.index * bytes.length);
      if (read === bytes.length) return { image, content: { features } };
      throw new PlumageError(
        'input',
        `${folder.file('features')}: is cut off - remove features.json and go on with --resume`,
      );
    },
    close: () => closeSync(handle),
  };
}
