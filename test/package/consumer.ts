// A program that uses the package, as types see it: compiled in a project where the package is installed, and never run.

import { readFile } from 'node:fs/promises';
import { type Classification, type Engine, open, PlumageError, type Prediction, type Progress } from 'plumage';
import { measurePeak, type Peak, tune } from 'plumage/measure';
import { cacheFolder, decodePhoto, fetchImagenet, launchBrowser, openAdapter } from 'plumage/node';
import { open as openInWorker, type WorkerModel } from 'plumage/worker';

const said: string[] = [];
const onProgress = ({ stage, done, total }: Progress) => said.push(`${stage} ${done / total}`);
const { adapter, report } = await openAdapter({ adapter: 'software' });
const engine: Engine = await open({ adapter, precision: 'f16', onProgress });
const file = await fetchImagenet({ cacheDir: cacheFolder() });
const model = await engine.load(await readFile(file), { where: report.chosen.name });
const remote: WorkerModel = await (await openInWorker()).load('/model.safetensors', { sha256: '0'.repeat(64) });
const photo = await decodePhoto('bird.jpg');
const one: Classification = await model.classify(photo, { top: 3, maps: true });
const many: Classification[] = await model.classify([photo, photo]);
const features: Float32Array = await model.embed(photo);
const peak: Peak = await measurePeak(engine.device);

try {
  await model.classify(document.querySelector('video')!);
} catch (error) {
  if (error instanceof PlumageError && error.code === 'lost') said.push(error.message);
}

// What is wrong is refused.
// @ts-expect-error a number is no photo
await model.classify(5);
// @ts-expect-error an adapter has no such field
adapter.plumage;
// @ts-expect-error not a precision
await open({ precision: 'f64' });
// @ts-expect-error predictions are read-only
one.predictions[0]!.probability = 1;

export const all: [Prediction[], Classification[], Float32Array, Peak, string[], unknown] = [
  one.predictions,
  many,
  features,
  peak,
  said,
  [tune, launchBrowser, await remote.plan()],
];
