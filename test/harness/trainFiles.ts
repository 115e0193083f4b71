// A small data set and a new model in files, for tests of the command that trains.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { modelGraph } from '../../src/engine/model.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { initialValues } from '../../src/model/initialise.ts';
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
