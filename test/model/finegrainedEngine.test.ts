// load -> classify and run with Plumage's network, preset tiny with hashed weights: what a page's code sees of it.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Photo } from '../../src/data/decode.ts';
import { capacityFor, geometry, preprocessPresets } from '../../src/data/preprocess.ts';
import { Model } from '../../src/engine/model.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { input } from '../../src/graph/node.ts';
import { preprocess } from '../../src/graph/ops/preprocess.ts';
import { GEOMETRY_WORDS } from '../../src/kernels/resizeRows.ts';
import { configOf } from '../harness/configs.ts';
import { testDevice } from '../harness/device.ts';
import { evaluate } from '../harness/graph.ts';
import { hashedModel } from '../harness/hashedFinegrained.ts';
import { hashedNoise, hashedValues } from '../harness/hashedWeights.ts';
import { rejected } from '../harness/refused.ts';

const config = configOf('tiny', 6);
const tensors = new Map(Object.entries(hashedModel(config)));
// F16 keeps the file short; rounded weights are weights too.
const bytes = writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(config) } }, 'F16');

let loaded: Promise<Model> | undefined;
function model(): Promise<Model> {
  loaded ??= testDevice().then((device) => Model.load({ device }, bytes, 'tiny.safetensors'));
  return loaded;
}

const photo: Photo = {
  width: 90,
  height: 50,
  data: Uint8Array.from(hashedValues('photo', 4 * 90 * 50, 0, 256), (v, i) => (i % 4 === 3 ? 255 : v)),
};

/** The fine-grained recipe written out for 64 pixels: both sides to round(64 * 550 / 448), then the central crop. */
async function xOfPhoto() {
  const recipe = { ...preprocessPresets.torchvision, size: 64, resize: 79, stretch: true };
  const { pixels, rows } = capacityFor(photo.width, photo.height, recipe);
  const nodes = [input('photo', [pixels], 'u32', true), input('geometry', [GEOMETRY_WORDS], 'u32')] as const;
  const { words } = geometry(photo.width, photo.height, recipe);
  const x = preprocess('preprocess', ...nodes, { ...recipe, rows });
  return (await evaluate({ x }, { photo: photo.data as Uint8Array, geometry: words })).x!;
}

test('classify: the softmax of `combined` for the stretched, cropped photo', async () => {
  const m = await model();
  const { combined } = await m.run(await xOfPhoto());
  const most = Math.max(...combined!.data);
  const exps = Array.from(combined!.data, (logit) => Math.exp(logit - most));
  const sum = exps.reduce((a, b) => a + b, 0);
  for (const { index, label, probability } of (await m.classify(photo, { top: 6 })).predictions) {
    assert.is(label, `class ${index}`);
    assert.ok(Math.abs(probability - exps[index]! / sum) < 1e-5, `${label}: ${probability}, ${exps[index]! / sum}`);
  }
});

const shape = [2, 97, 71, 3];
const x = { shape, data: hashedNoise('2x97x71x3', shape) };

test('run: the maps on request, of odd sizes too, and the same outputs with and without', async () => {
  const m = await model();
  const usual = await m.run(x);
  assert.equal(Object.keys(usual).length, 8);
  const wanted = await m.run(x, ['combined', 'attention1', 'attention2', 'attention3', 'channelAttention']);
  assert.equal(wanted.combined!.data, usual.combined!.data);
  assert.equal(
    Object.values(wanted).map((tensor) => tensor.shape.join('x')),
    ['2x6', '2x13x9', '2x7x5', '2x4x3', '2x32x64x64'],
  );
  const sum = wanted.attention3!.data.reduce((a, b) => a + b, 0);
  assert.ok(Math.abs(sum - 2) < 1e-5);
});

test('run: outputs that are none are refused, and the next run works', async () => {
  const m = await model();
  await rejected(m.run(x, ['attention4']), 'input', /output, got attention4, expected one of logits1/);
  assert.ok((await m.run(x)).combined!.data.every(Number.isFinite));
  await rejected(m.run({ shape: [1, 31, 32, 3], data: x.data }), 'input', /at least 32 x 32/);
});

test('classify with maps: those of the stretched, cropped photo, and the part of it that they lie over', async () => {
  const m = await model();
  const { maps, crop, predictions } = await m.classify(photo, { maps: true });
  assert.equal(predictions, (await m.classify(photo)).predictions);
  const names = ['attention1', 'attention2', 'attention3'];
  assert.equal(Object.keys(maps!), names);
  const want = await m.run(await xOfPhoto(), names);
  for (const name of names) assert.equal(maps![name]!, want[name]!, name);
  // 64 of 79 pixels a side, from the 7th on.
  assert.equal(crop, { left: 8, top: 4, width: 73, height: 41 });
});

test.after(async () => (await loaded)?.dispose());

test.run();
