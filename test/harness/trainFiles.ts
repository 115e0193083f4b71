// A small data set and a new model in files, for tests of the command that trains.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { initialValues } from '../../src/model/initialise.ts';
import { configOf, numbered } from './configs.ts';
import { jpeg, put } from './datasets.ts';

/** `train/<class>/*.jpg` and `test/<class>/*.jpg` of the configuration's classes. */
export async function writePhotos(folder: string, classes: readonly string[], train: number, test: number) {
  for (const [part, count] of [
    ['train', train],
    ['test', test],
  ] as const) {
    for (let i = 0; i < count; i++) {
      const file = path.join(folder, part, classes[i % classes.length]!, `${i}.jpg`);
      await put(file, await jpeg(80 + i, 70 + 2 * i, part === 'train' ? i + 1 : 1000 + i));
    }
  }
  return folder;
}

/** A model whose values are all seeded, the backbone's too. */
export async function writeNewModel(file: string, config: ModelConfig, seed = 1): Promise<string> {
  const tensors = initialValues(expectedParameters(modelGraph(config, [1, 64, 64, 3])), seed);
  await writeFile(file, writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(config) } }));
  return file;
}

/** A folder with 7 photos of three classes to train on, one to test, and a new model; `asked` begins a run of that name in it. */
export async function trainPlace() {
  const folder = await mkdtemp(path.join(tmpdir(), 'plumage-train-'));
  const classes = numbered(3);
  const photos = await writePhotos(path.join(folder, 'photos'), classes, 7, 1);
  const model = await writeNewModel(path.join(folder, 'init.safetensors'), configOf('tiny', 3));
  const run = (name: string) => path.join(folder, name);
  const asked = (name: string) => ['--data', photos, '--dataset', 'folder', '--model', model, '--out', run(name)];
  return { folder, classes, photos, model, run, asked, remove: () => rm(folder, { recursive: true }) };
}
