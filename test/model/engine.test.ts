// open -> load -> classify on a small photo size, with hashed weights: what a page's code sees.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Photo } from '../../src/data/decode.ts';
import { Model } from '../../src/engine/model.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import type { Device } from '../../src/gpu/device.ts';
import { input } from '../../src/graph/node.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { buildModel, expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { liveBuffers } from '../harness/countCalls.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { hashedValues, hashedWeights } from '../harness/hashedWeights.ts';
import { noRoom } from '../harness/noRoom.ts';
import { rejected } from '../harness/refused.ts';

const config: ModelConfig = {
  model: 'plain',
  variant: 'v1',
  eps: 1e-3,
  preprocessing: 'torchvision',
  size: 64,
  classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
};
const tensors = hashedWeights(expectedParameters(buildModel(config, input('x', [1, 64, 64, 3]))));
const metadata = { plumage: JSON.stringify(config) };

function file(change: Record<string, Tensor | undefined> = {}, about: Record<string, string> = metadata): Uint8Array {
  const entries = Object.entries({ ...tensors, ...change }).filter((entry): entry is [string, Tensor] => !!entry[1]);
  return writeSafetensors({ tensors: new Map(entries), metadata: about });
}

function photo(width: number, height: number): Photo {
  const data = Uint8Array.from(hashedValues(`${width}x${height}`, 4 * width * height, 0, 256), Math.floor);
  return { width, height, data: data.map((v, i) => (i % 4 === 3 ? 255 : v)) };
}

let loaded: Promise<Model> | undefined;
function model(): Promise<Model> {
  loaded ??= testDevice().then((device) => Model.load({ device }, file(), 'test.safetensors'));
  return loaded;
}

test('classify: likeliest first, labels of the file, probabilities of all classes sum to 1', async () => {
  const all = (await (await model()).classify(photo(80, 60), { top: 10 })).predictions;
  assert.is(all.length, 10);
  all.forEach(({ label, index, probability }, i) => {
    assert.is(label, `class ${index}`);
    assert.ok(i === 0 || probability <= all[i - 1]!.probability);
  });
  const sum = all.reduce((total, { probability }) => total + probability, 0);
  assert.ok(Math.abs(sum - 1) < 1e-5, `sum, got ${sum}`);
  assert.equal((await (await model()).classify(photo(80, 60), { top: 3 })).predictions, all.slice(0, 3));
});

test('classify: overlapping calls and photos past the room of the first plan', async () => {
  const m = await model();
  const sizes: [number, number][] = [
    [80, 60],
    [1, 1],
    [500, 300],
    [3, 400],
    [80, 60],
  ];
  const predictions = async ([w, h]: [number, number]) => (await m.classify(photo(w, h))).predictions;
  const together = await Promise.all(sizes.map(predictions));
  for (const [i, size] of sizes.entries()) assert.equal(await predictions(size), together[i], size.join(' x '));
  assert.equal(together[0], together[4]);
  assert.not.equal(together[0], together[2]);
});

test('outputs: what is named, the same before and after a classify, overlapping it too', async () => {
  const m = await model();
  const [one, two] = [photo(80, 60), photo(90, 50)];
  const [{ logits }, top, again] = await Promise.all([
    m.outputs(one, ['logits']),
    m.classify(two, { top: 1 }),
    m.outputs(one, ['logits']),
  ]);
  assert.equal(logits!.shape, [1, 10]);
  assert.equal(again.logits, logits);
  const best = logits!.data.indexOf(Math.max(...logits!.data));
  assert.is((await m.classify(one)).predictions[0]!.index, best);
  assert.equal((await m.classify(two, { top: 1 })).predictions, top.predictions);
  await rejected(m.outputs(one, ['combined']), 'input', /output, got combined, expected one of logits/);
});

test('classify: photos that are none are refused', async () => {
  const m = await model();
  await rejected(m.classify({ width: 4, height: 4, data: new Uint8Array(63) }), 'input', /bytes of the photo, got 63/);
  await rejected(m.classify({ width: 0, height: 4, data: new Uint8Array(0) }), 'input', /size of the photo/);
});

test('run: any size from 32 on, other shapes refused', async () => {
  const m = await model();
  const odd = [1, 33, 47, 3];
  const { logits } = await m.run({ shape: odd, data: hashedValues('odd', 33 * 47 * 3, -2, 2) });
  assert.equal(logits!.shape, [1, 10]);
  assert.ok(logits!.data.every(Number.isFinite));
  await rejected(m.run({ shape: [1, 31, 64, 3], data: new Float32Array(31 * 64 * 3) }), 'input', /at least 32 x 32/);
  await rejected(m.run({ shape: [1, 64, 64, 1], data: new Float32Array(4096) }), 'input', /shape of x/);
});

test('load: extra tensors that do no harm are allowed', async () => {
  const counter = { shape: [1], data: new Float32Array(1) };
  await Model.load({ device: await testDevice() }, file({ 'backbone.bn1.num_batches_tracked': counter }));
});

test('load: files that do not fit are refused in one line', async () => {
  const device = await testDevice();
  const load = (bytes: Uint8Array) => Model.load({ device }, bytes, 'm.safetensors');
  const name = 'backbone.layer1.0.conv1.weight';
  const bad = { ...tensors[name]!, data: tensors[name]!.data.map((v, i) => (i === 5 ? Number.NaN : v)) };
  await rejected(load(file({ [name]: undefined })), 'weights', /layer1\.0\.conv1\.weight/);
  await rejected(load(file({ stray: { shape: [2], data: new Float32Array(2) } })), 'weights', /stray/);
  await rejected(
    load(file({ [name]: { shape: [2], data: new Float32Array(2) } })),
    'weights',
    /layer1\.0\.conv1\.weight/,
  );
  await rejected(load(file({ [name]: bad })), 'weights', /NaN/);
  await rejected(load(file().subarray(0, 50_000_000)), 'weights', /m\.safetensors/);
  await rejected(load(file({}, {})), 'weights', /metadata key plumage/);
  for (const [field, value] of [
    ['variant', 'v2'],
    ['eps', -1],
    ['size', 16],
    ['classes', []],
    ['model', 'other'],
  ] as const) {
    const text = JSON.stringify({ ...config, [field]: value });
    await rejected(load(file({}, { plumage: text })), 'weights', new RegExp(`configuration: ${field}, got`));
  }
});

test('no memory: what it needs, and what the next smaller one would', async () => {
  const device = await freshDevice();
  const model = await Model.load({ device }, file(), 'm');
  const { gpu } = device;
  const live = liveBuffers(gpu);
  let sessions = 0;
  noRoom(gpu, (label) => label === 'slot 0' && ++sessions === 2);
  const needs = /^open: out of GPU memory, the plan needs \d+ MiB - use size 32, which needs \d+ MiB$/;
  // The other one of a batch's two sessions opens: nothing of it may stay.
  await rejected(model.classify([photo(8, 8), photo(8, 8)]), 'limit', needs);
  const slots = () => [...live].filter((label) => /slot|params/.test(label));
  for (let i = 0; i < 100 && slots().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(slots(), []);
  assert.is((await model.classify(photo(8, 8))).predictions.length, 5);
  await model.dispose();
  assert.equal([...live], []);
  gpu.destroy();
});

test('a device that is lost: the next one, of a host that has it; without it a clear line', async () => {
  const device = await freshDevice();
  const host = {
    device,
    restored: 0,
    async restore(lost: Device) {
      assert.is(lost, host.device);
      host.device = await freshDevice();
      host.restored++;
    },
  };
  const model = await Model.load(host, file(), 'm');
  // Two photos: then several runs fail at once, and no rejection may be left unhandled.
  const one = async (m: Model) => (await m.classify([photo(30, 20), photo(20, 30)])).map((each) => each.predictions);
  const predictions = await one(model);
  device.gpu.destroy();
  await device.gpu.lost;
  assert.equal(await one(model), predictions);
  assert.is(host.restored, 1);
  const alone = await Model.load({ device: host.device }, file(), 'm');
  host.device.gpu.destroy();
  await rejected(one(alone), 'lost', /^device lost \(destroyed/);
});

test('a batch: as one by one; signals; features', async () => {
  const m = await model();
  const photos = [photo(80, 60), photo(1, 1), photo(500, 300)];
  // Overlapping: the second needs more room, and replaces the sessions of the first while they open.
  const smaller = [photo(9, 9), photo(1, 1), photo(8, 8)];
  const [before, batch] = await Promise.all([m.classify(smaller, { top: 10 }), m.classify(photos, { top: 10 })]);
  assert.equal(before[1]!.predictions, batch[1]!.predictions);
  for (const [i, each] of photos.entries()) {
    const alone = await m.classify(each, { top: 10 });
    assert.equal([batch[i]!.width, batch[i]!.height, batch[i]!.crop], [each.width, each.height, alone.crop]);
    const byIndex = new Map(alone.predictions.map(({ index, probability }) => [index, probability]));
    for (const { index, probability } of batch[i]!.predictions) {
      assert.ok(Math.abs(probability - byIndex.get(index)!) < 1e-5, `${i}: ${index}`);
    }
  }
  assert.equal(await m.classify([]), []);
  const [features, ofBatch] = [await m.embed(photos[0]!), await m.embed(photos)];
  assert.is(features.length, 2048);
  const off = Math.max(...features.map((value, i) => Math.abs(value - ofBatch[0]![i]!)));
  assert.ok(off < 1e-4 * Math.max(...features), `off by ${off}`);
  const stopped = new AbortController();
  const call = m.classify(photos, { signal: stopped.signal });
  stopped.abort();
  await rejected(call, 'aborted', /^classify: stopped by the caller's signal$/);
  const { signal } = stopped;
  await rejected(m.embed(photos[0]!, { signal }), 'aborted', /^embed: stopped/);
  await rejected(m.outputs(photos[0]!, ['logits'], { signal }), 'aborted', /^outputs: stopped/);
  await rejected(m.prepare(photos[0]!, { signal }), 'aborted', /^prepare: stopped/);
  await rejected(m.profile(photos[0]!, { signal }), 'aborted', /^profile: stopped/);
  const x = { shape: [1, 32, 32, 3], data: new Float32Array(3072) };
  await rejected(m.run(x, undefined, { signal }), 'aborted', /^run: stopped/);
  assert.is((await m.classify(photos[0]!, { signal: new AbortController().signal })).predictions.length, 5);
});

test('classify with maps: the class activation of a plain network, whose mean is the logit without its bias', async () => {
  const m = await model();
  const { maps, predictions } = await m.classify(photo(80, 60), { maps: true });
  const { shape, data } = maps!.activation!;
  assert.equal(shape, [1, 2, 2]);
  const { index } = predictions[0]!;
  const { logits } = await m.outputs(photo(80, 60), ['logits']);
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const want = logits!.data[index]! - tensors['backbone.fc.bias']!.data[index]!;
  assert.ok(Math.abs(mean - want) < 1e-4 * Math.max(1, Math.abs(want)), `mean, got ${mean}, expected ${want}`);
});

test.after(async () => (await loaded)?.dispose());

test.run();
