// One training step against the twin in f64 on the same hashed weights and batch (test/fixtures/makeTrainingGoldens.py):
// presets tiny and lite, and tiny with every way to compute the attentions. More is in test/long.

import { test } from 'uvu';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import goldenBytes from '../fixtures/goldens/training.bin';
import { checkStep, StepGoldens, stepCase } from '../harness/trainingGoldens.ts';
import { oneStep } from '../harness/trainingStep.ts';

const goldens = readSafetensors(goldenBytes, 'training.bin').tensors;

for (const key of ['tiny', 'lite', 'tinyConcat', 'tinyIdentity']) {
  test(`${key}: loss, logits, running statistics, gradients`, async () => {
    console.log(checkStep(new StepGoldens(goldens, key), await oneStep(stepCase(key))));
  });
}

test.run();
