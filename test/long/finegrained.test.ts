// Plumage's larger presets against the twin on hashed weights and x (test/fixtures/makeFinegrainedGoldens.py), and the
// smallest one on the kernels for GPUs.

import { test } from 'uvu';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { PlumageConfig } from '../../src/model/config.ts';
import longBytes from '../fixtures/goldens/finegrainedLong.bin';
import tinyBytes from '../fixtures/goldens/finegrainedTiny.bin';
import { configOf } from '../harness/configs.ts';
import { checkOutputs, goldensOf } from '../harness/finegrainedGoldens.ts';
import {
  branchGraph,
  hashedModel,
  hashedTaps,
  noiseFor,
  runOnce,
  uploaded,
  wholeGraph,
} from '../harness/hashedFinegrained.ts';

const goldens = readSafetensors(longBytes, 'finegrainedLong.bin').tensors;

for (const [preset, shape] of [
  ['lite', [2, 97, 71, 3]],
  ['paper', [1, 97, 71, 3]],
] as const) {
  for (const base of [
    { variant: 'v1.5', eps: 1e-5 },
    { variant: 'v1', eps: 1e-3 },
  ] as const) {
    const key = `${preset}/${base.variant}/${shape.join('x')}`;

    test(`${key}: all outputs`, async () => {
      const config = configOf(preset, 10, base);
      const weights = await uploaded(hashedModel(config));
      const outputs = await runOnce(wholeGraph(config, shape), weights, noiseFor(shape));
      console.log(checkOutputs(key, outputs, goldensOf(goldens, key)));
      weights.destroy();
    });
  }
}

const tinyGoldens = readSafetensors(tinyBytes, 'finegrainedTiny.bin').tensors;
const sizes = [
  [13, 9],
  [7, 5],
  [4, 3],
];

for (const option of [{}, { fuse: 'concat' }, { normalise: true }, { pool: 'top5' }] as Partial<PlumageConfig>[]) {
  const key = `tiny/${JSON.stringify(option)}`;

  test(`workgroup tiles, ${key}: all outputs`, async () => {
    const config = configOf('tiny', 10, option);
    const weights = await uploaded(hashedModel(config));
    const outputs = await runOnce(branchGraph(config, 2, sizes), weights, hashedTaps(2, sizes), 'discrete');
    console.log(checkOutputs(key, outputs, goldensOf(tinyGoldens, key)));
    weights.destroy();
  });
}

test.run();
