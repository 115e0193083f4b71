// Training against the twin in f64 (test/fixtures/makeTrainingGoldens.py), what takes longer: losses of ten steps, models
// without attention and with every other way to compute it, and preset paper at 224. And what 200 steps leave behind.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { Trainer } from '../../src/train/trainer.ts';
import shortBytes from '../fixtures/goldens/training.bin';
import longBytes from '../fixtures/goldens/trainingLong.bin';
import { configOf } from '../harness/configs.ts';
import { countCalls, creators } from '../harness/countCalls.ts';
import { testDevice } from '../harness/device.ts';
import { hashedModel } from '../harness/hashedFinegrained.ts';
import { hashedValues } from '../harness/hashedWeights.ts';
import { jsMemory } from '../harness/jsMemory.ts';
import {
  checkLosses,
  checkStep,
  configOfCase,
  lossesCase,
  StepGoldens,
  stepCase,
  trainingBatch,
  trainingWeights,
} from '../harness/trainingGoldens.ts';
import { oneStep } from '../harness/trainingStep.ts';

const goldens = readSafetensors(shortBytes, 'training.bin').tensors;
const paperGoldens = readSafetensors(longBytes, 'trainingLong.bin').tensors;

for (const key of ['steps', 'stepsDecayed']) {
  test(`${key}: losses of ten steps on one batch, and what never decays`, async () => {
    const { steps, decay, rates } = lossesCase(key);
    const given = stepCase('tiny');
    const { x, labels } = trainingBatch(given);
    const config = configOfCase(given);
    const options = { batch: labels.length, weightDecay: decay };
    const trainer = await Trainer.open(await testDevice(), config, trainingWeights(config), options);
    const losses: number[] = [];
    for (let i = 0; i < steps; i++) {
      losses.push((await trainer.stepTensor(x, labels, { head: rates.new, backbone: rates.backbone })).loss);
    }
    const after = await trainer.snapshot();
    trainer.close();
    console.log(checkLosses(goldens, key, losses));
    for (const name of ['clca.gamma', 'cga.beta']) {
      const want = goldens.get(`${key}/${name}`)!.data;
      const got = after.get(name)!.data;
      for (const [i, value] of want.entries()) {
        assert.ok(Math.abs(got[i]! / value - 1) < 1e-3, `${name}: got ${got}, expected ${want}`);
      }
    }
  });
}

for (const key of ['tinyConcat', 'tinyIdentity', 'tinyNone', 'plain', 'paper']) {
  test(`${key}: loss, logits, running statistics, gradients`, async () => {
    const expected = new StepGoldens(key === 'paper' ? paperGoldens : goldens, key);
    console.log(checkStep(expected, await oneStep(stepCase(key))));
  });
}

test('200 steps create nothing after the first and hold no more memory', async () => {
  const [batch, side] = [4, 96];
  const config = configOf('tiny', 5, { size: 32 });
  const device = await testDevice();
  const trainer = await Trainer.open(device, config, new Map(Object.entries(hashedModel(config))), { batch });
  const photo = { width: side, height: side, data: Uint8Array.from(hashedValues('photo', 4 * side * side, 0, 255)) };
  const images = Array.from({ length: batch }, (_, i) => ({ photo, crop: { left: i, top: 0, flip: i % 2 === 0 } }));
  const labels = Uint32Array.from(images, (_, i) => i);
  const step = () => trainer.step(images, labels, { head: 1e-4, backbone: 1e-5 });
  await step();
  const created = countCalls(device.gpu, ...creators);
  let before = await jsMemory();
  for (let i = 1; i < 200; i++) {
    const { loss } = await step();
    assert.ok(Number.isFinite(loss), `step ${i + 1}: loss ${loss}`);
    if (i === 20) before = await jsMemory();
  }
  const after = await jsMemory();
  assert.equal(created, Object.fromEntries(creators.map((name) => [name, 0])));
  trainer.close();
  const [heap, buffers] = [after.heap - before.heap, after.buffers - before.buffers];
  console.log(`from step 20 to step 200: heap ${heap} bytes more, array buffers ${buffers} bytes more`);
  // Keeping one photo of each step would be 6.6 million bytes of buffers.
  assert.ok(buffers < 100_000, `array buffers grew by ${buffers} bytes`);
  // NOTE: as in imagenet.test.ts: Node's heap wanders.
  assert.ok(heap < 700_000, `the heap grew by ${heap} bytes`);
});

test.run();
