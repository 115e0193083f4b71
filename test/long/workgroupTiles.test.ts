// All of ResNet50 with the kernels for GPUs, which software adapters take a minute to compile.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import goldenBytes from '../fixtures/goldens/resnet50.bin';
import { testDevice } from '../harness/device.ts';
import { classifier, openFamily, resnetWeights } from '../harness/hashedResnet.ts';
import { hashedNoise } from '../harness/hashedWeights.ts';
import { LOGITS_BOUND } from '../harness/tolerance.ts';

const goldens = readSafetensors(goldenBytes, 'resnet50.bin').tensors;
const configs = [
  { variant: 'v1.5', eps: 1e-5 },
  { variant: 'v1', eps: 1e-3 },
] as const;

for (const config of configs) {
  for (const shape of [
    [1, 64, 64, 3],
    [2, 96, 64, 3],
  ]) {
    const key = shape.join('x');

    test(`${config.variant} ${key}: logits`, async () => {
      const device = await testDevice();
      const weights = resnetWeights(device);
      const session = await openFamily(device, classifier(shape, config), weights, 'discrete');
      const { data } = (await session.run({ x: hashedNoise(key, shape) })).logits!;
      session.close();
      weights.destroy();
      const want = goldens.get(`${config.variant}/${key}/logits`)!.data;
      assert.is(data.length, want.length);
      const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(data[i]! - value)), 0);
      console.log(`${config.variant} ${key}: off by ${worst.toExponential(1)}`);
      assert.ok(worst <= LOGITS_BOUND);
    });
  }
}

test.run();
