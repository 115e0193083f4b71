// Whole models exported to ONNX, run by onnxruntime and compared with PyTorch's goldens on the same hashed weights and x:
// ResNet50 and preset tiny in both stride variants, and every option of the network.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOnnx } from '../../src/formats/onnx.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';

import type { Tensor } from '../../src/graph/tensor.ts';
import { expectedParameters, type PlumageConfig } from '../../src/model/config.ts';
import tinyBytes from '../fixtures/goldens/finegrainedTiny.bin';
import resnetBytes from '../fixtures/goldens/resnet50.bin';
import { configOf } from '../harness/configs.ts';
import { checkOutputs, goldensOf } from '../harness/finegrainedGoldens.ts';
import { branchGraph, hashedModel, hashedTaps, noiseFor, wholeGraph } from '../harness/hashedFinegrained.ts';
import { classifier } from '../harness/hashedResnet.ts';
import { hashedWeights } from '../harness/hashedWeights.ts';
import { runOnnx } from '../harness/onnx.ts';
import { LOGITS_BOUND } from '../harness/tolerance.ts';

const tinyGoldens = readSafetensors(tinyBytes, 'finegrainedTiny.bin').tensors;
const resnetGoldens = readSafetensors(resnetBytes, 'resnet50.bin').tensors;
const bases = [
  { variant: 'v1.5', eps: 1e-5 },
  { variant: 'v1', eps: 1e-3 },
] as const;

const fileOf = (tensors: Record<string, Tensor>) => ({ tensors: new Map(Object.entries(tensors)), metadata: {} });
const tiny = (changes: Partial<PlumageConfig> = {}) => configOf('tiny', 10, changes);
const tensors = { ...hashedModel(tiny()), ...hashedModel(tiny({ fuse: 'concat' })) };
const dynamic = { where: 'test', dynamicBatch: true };

for (const base of bases) {
  test(`ResNet50 ${base.variant}`, async () => {
    const file = fileOf(hashedWeights(expectedParameters(classifier([1, 64, 64, 3], base))));
    const shape = [2, 96, 64, 3];
    const { logits } = await runOnnx(writeOnnx(classifier(shape, base), file, { where: 'test' }), {
      x: { shape, data: noiseFor(shape).x },
    });
    const want = resnetGoldens.get(`${base.variant}/${shape.join('x')}/logits`)!.data;
    const worst = want.reduce((most, value, i) => Math.max(most, Math.abs(value - logits!.data[i]!)), 0);
    assert.ok(worst <= LOGITS_BOUND, `off by ${worst}`);
  });

  // Made for one image, run on two.
  const [shape, made] = [
    [2, 97, 71, 3],
    [1, 97, 71, 3],
  ];
  const key = `tiny/${base.variant}/${shape.join('x')}`;

  test(`${key}: all outputs, maps too`, async () => {
    const model = writeOnnx(wholeGraph(tiny(base), made), fileOf(tensors), dynamic);
    const outputs = await runOnnx(model, { x: { shape, data: noiseFor(shape).x } });
    console.log(checkOutputs(key, outputs, goldensOf(tinyGoldens, key)));
  });
}

const sizes = [
  [13, 9],
  [7, 5],
  [4, 3],
];
const optionKeys = [...tinyGoldens.keys()].filter((key) => key.startsWith('tiny/{') && key.endsWith('/combined'));

for (const key of optionKeys.map((name) => name.slice(0, -'/combined'.length))) {
  test(`${key}: all outputs from the taps on`, async () => {
    const config = tiny(JSON.parse(key.slice('tiny/'.length)) as Partial<PlumageConfig>);
    const taps = Object.entries(hashedTaps(2, sizes)).map(([name, data], i) => {
      return [name, { shape: [2, ...sizes[i]!, 512 << i], data }] as const;
    });
    const model = writeOnnx(branchGraph(config, 1, sizes), fileOf(tensors), dynamic);
    const outputs = await runOnnx(model, Object.fromEntries(taps));
    console.log(checkOutputs(key, outputs, goldensOf(tinyGoldens, key)));
  });
}

test('there is a golden for every option', () => assert.ok(optionKeys.length > 15));

test.run();
