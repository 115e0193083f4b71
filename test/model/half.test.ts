// Models of precision f16 against PyTorch's f64 on the same hashed weights and x, which f32 meets within 1e-4. What f16
// costs is printed; docs/performance.md has it for ImageNet weights.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { Weights } from '../../src/gpu/constants.ts';
import { open } from '../../src/gpu/session.ts';
import { plan } from '../../src/graph/plan.ts';
import tinyBytes from '../fixtures/goldens/finegrainedTiny.bin';
import resnetBytes from '../fixtures/goldens/resnet50.bin';
import trainingBytes from '../fixtures/goldens/training.bin';
import { configOf } from '../harness/configs.ts';
import { halfDevice } from '../harness/device.ts';
import { difference, goldensOf } from '../harness/finegrainedGoldens.ts';
import { withHalf } from '../harness/half.ts';
import { hashedModel, noiseFor, wholeGraph } from '../harness/hashedFinegrained.ts';
import { classifier, openFamily, resnetWeights } from '../harness/hashedResnet.ts';
import { HALF_BOUND, HALF_STEP_BOUNDS } from '../harness/tolerance.ts';
import { checkStep, StepGoldens, stepCase } from '../harness/trainingGoldens.ts';
import { oneStep } from '../harness/trainingStep.ts';

const share = (value: number): string => `off by ${value.toExponential(1)} of its largest magnitude`;

test('ResNet50: logits', () =>
  withHalf(async () => {
    const device = await halfDevice();
    const shape = [2, 96, 64, 3];
    const want = readSafetensors(resnetBytes, 'resnet50.bin').tensors.get('v1.5/2x96x64x3/logits')!;
    const weights = resnetWeights(device);
    const session = await openFamily(device, classifier(shape, { variant: 'v1.5', eps: 1e-5 }), weights);
    const { logits } = await session.run(noiseFor(shape));
    session.close();
    weights.destroy();
    const off = difference('logits', logits!, want);
    console.log(`ResNet50 in f16: logits are ${share(off)}`);
    assert.ok(off > 1e-5 && off <= HALF_BOUND.values, share(off));
  }));

test('preset tiny with both attentions: all outputs', () =>
  withHalf(async () => {
    const device = await halfDevice();
    const config = configOf('tiny', 10, { variant: 'v1.5', eps: 1e-5 });
    const shape = [2, 97, 71, 3];
    const want = goldensOf(readSafetensors(tinyBytes, 'finegrainedTiny.bin').tensors, `tiny/v1.5/${shape.join('x')}`);
    const weights = new Weights(
      device,
      { tensors: new Map(Object.entries(hashedModel(config))), metadata: {} },
      'test',
    );
    const session = await open(device, plan(wholeGraph(config, shape), device.target), weights);
    const outputs = await session.run(noiseFor(shape));
    session.close();
    weights.destroy();
    const off = Object.entries(want).map(([name, each]) => [name, difference(name, outputs[name]!, each)] as const);
    for (const [name, by] of off) console.log(`tiny in f16: ${name} is ${share(by)}`);
    for (const [name, by] of off) {
      const bound = /attention/i.test(name) ? HALF_BOUND.attention : HALF_BOUND.values;
      assert.ok(by <= bound, `${name}: ${share(by)}`);
    }
  }));

test('a training step of tiny: loss, logits, running statistics, gradients', () =>
  withHalf(async () => {
    const goldens = new StepGoldens(readSafetensors(trainingBytes, 'training.bin').tensors, 'tiny');
    console.log(checkStep(goldens, await oneStep(stepCase('tiny'), await halfDevice()), HALF_STEP_BOUNDS));
  }));

test.run();
