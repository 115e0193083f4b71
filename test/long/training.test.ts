// Training against the twin in f64 (test/fixtures/makeTrainingGoldens.py), what takes longer: losses of ten steps, models
// without attention and with every other way to compute it, and preset paper at 224.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { Trainer } from '../../src/train/trainer.ts';
import shortBytes from '../fixtures/goldens/training.bin';
import longBytes from '../fixtures/goldens/trainingLong.bin';
import { testDevice } from '../harness/device.ts';
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

test.run();
