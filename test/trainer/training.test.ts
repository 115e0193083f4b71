// One training step against the twin in f64 on the same hashed weights and batch (test/fixtures/makeTrainingGoldens.py):
// presets tiny and lite. Their options, ten losses and preset paper are in test/long.

import { test } from 'uvu';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import goldenBytes from '../fixtures/goldens/training.bin';
import { checkStep, StepGoldens, stepCase } from '../harness/trainingGoldens.ts';
import { oneStep } from '../harness/trainingStep.ts';

const goldens = readSafetensors(goldenBytes, 'training.bin').tensors;

for (const key of ['tiny', 'lite']) {
  test(`${key}: loss, logits, running statistics, gradients`, async () => {
    console.log(checkStep(new StepGoldens(goldens, key), await oneStep(stepCase(key))));
  });
}

test.run();
