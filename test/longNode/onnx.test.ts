// The exported ONNX in onnxruntime against our engine, same weights and x: the real ImageNet ResNet50, preset paper at 224
// and preset lite at 448, attention maps included. Node only, as the engine is Dawn's there.

import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { writeOnnx } from '../../src/formats/onnx.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeights } from '../../src/formats/weights.ts';
import { openDevice } from '../../src/gpu/device.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { Engine } from '../../src/index.ts';
import { maps } from '../../src/model/finegrained.ts';
import { cacheFolder, fetchImagenet, openAdapter, releaseAdapters } from '../../src/node.ts';
import { configOf } from '../harness/configs.ts';
import { hashedModel } from '../harness/hashedFinegrained.ts';
import { hashedNoise, hashedPhoto } from '../harness/hashedWeights.ts';
import { runOnnx } from '../harness/onnx.ts';
import { LOGITS_BOUND } from '../harness/tolerance.ts';

/** Largest difference as a share of the output's largest magnitude: the project's bar. */
const BOUND = 1e-4;

let engine: Engine;

test.before(async () => {
  const { adapter } = await openAdapter({ adapter: 'swiftshader' });
  engine = new Engine(await openDevice(adapter));
});

/** The outputs of both, for a weights file and x. */
async function both(bytes: Uint8Array, x: Tensor, names?: readonly string[]) {
  const model = await engine.load(bytes);
  const ours = await model.run(x, names);
  const graph = modelGraph(model.config, x.shape, names);
  await model.dispose();
  return { ours, theirs: await runOnnx(writeOnnx(graph, await readWeights(bytes, 'test'), { where: 'test' }), { x }) };
}

function difference(got: Tensor, want: Tensor): { worst: number; reach: number } {
  assert.equal(got.shape, want.shape);
  const reach = want.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = want.data.reduce((most, value, i) => {
    const off = Math.abs(value - got.data[i]!);
    return off <= most ? most : off; // NaN must not pass for a small difference
  }, 0);
  return { worst, reach };
}

test('ImageNet ResNet50 at 224', async () => {
  const bytes = await readFile(await fetchImagenet({ cacheDir: cacheFolder() }));
  const x = { shape: [1, 224, 224, 3], data: hashedPhoto('onnx', 224) };
  const { ours, theirs } = await both(bytes, x);
  const { worst, reach } = difference(theirs.logits!, ours.logits!);
  console.log(`logits reach ${reach.toFixed(1)}, off by ${worst.toExponential(1)}`);
  assert.ok(worst <= LOGITS_BOUND, `off by ${worst}`);
});

for (const [preset, size] of [
  ['paper', 224],
  ['lite', 448],
] as const) {
  test(`preset ${preset} at ${size}`, async () => {
    const config = configOf(preset, 10, { size });
    const tensors = new Map(Object.entries(hashedModel(config)));
    const bytes = writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(config) } });
    const shape = [1, size, size, 3];
    const names = [...Object.keys(modelGraph(config, shape)), ...maps];
    const { ours, theirs } = await both(bytes, { shape, data: hashedNoise(preset, shape) }, names);
    assert.equal(Object.keys(theirs), names);
    for (const name of names) {
      const { worst, reach } = difference(theirs[name]!, ours[name]!);
      console.log(`${name} reaches ${reach.toPrecision(3)}, off by ${(worst / reach).toExponential(1)} of it`);
      assert.ok(worst <= BOUND * reach, `${name}: off by ${worst} where values reach ${reach}`);
    }
  });
}

test.after(() => {
  engine.dispose();
  releaseAdapters();
});

test.run();
