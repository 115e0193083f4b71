// ResNet50 in both stride variants against PyTorch on the same hashed weights and x (test/fixtures/makeResnetGoldens.py).

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import type { Weights } from '../../src/gpu/constants.ts';
import type { Node, Shape } from '../../src/graph/node.ts';
import type { Family } from '../../src/graph/target.ts';
import type { BackboneConfig } from '../../src/model/resnet50.ts';
import goldenBytes from '../fixtures/goldens/resnet50.bin';
import { testDevice } from '../harness/device.ts';
import { backbone, classifier, openFamily, resnetWeights } from '../harness/hashedResnet.ts';
import { hashedNoise } from '../harness/hashedWeights.ts';
import { LOGITS_BOUND } from '../harness/tolerance.ts';

const goldens = readSafetensors(goldenBytes, 'resnet50.bin').tensors;
const golden = (name: string) => goldens.get(name)!.data;
const small: Shape = [1, 64, 64, 3];
const batch: Shape = [2, 96, 64, 3];
const torchvision: BackboneConfig = { variant: 'v1.5', eps: 1e-5 };
const keras: BackboneConfig = { variant: 'v1', eps: 1e-3 };

/** Weights by eps: what is derived from them depends on it. */
const uploaded = new Map<number, Weights>();

async function run(outputs: Record<string, Node>, shape: Shape, { eps }: BackboneConfig, family: Family) {
  const device = await testDevice();
  const weights = uploaded.get(eps) ?? resnetWeights(device);
  uploaded.set(eps, weights);
  const session = await openFamily(device, outputs, weights, family);
  try {
    return await session.run({ x: hashedNoise(shape.join('x'), shape) });
  } finally {
    session.close();
  }
}

const logits = async (shape: Shape, config: BackboneConfig, family: Family = 'software') =>
  (await run(classifier(shape, config), shape, config, family)).logits!.data;

function difference(got: ArrayLike<number>, want: Float32Array): number {
  assert.is(got.length, want.length);
  return want.reduce((worst, value, i) => Math.max(worst, Math.abs(got[i]! - value)), 0);
}

function within(got: ArrayLike<number>, want: Float32Array, what: string): void {
  const worst = difference(got, want);
  assert.ok(worst <= LOGITS_BOUND, `${what}: off by ${worst}, allowed ${LOGITS_BOUND}`);
}

function checkTap(key: string, data: Float32Array): void {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const square = data.reduce((sum, value) => sum + value * value, 0) / data.length;
  within([mean, Math.sqrt(square)], golden(`${key}/mean`), `${key}: mean, root mean square`);
  const samples = Array.from({ length: 64 }, (_, i) => data[(i * 104729) % data.length]!);
  within(samples, golden(`${key}/samples`), `${key}: samples`);
}

for (const config of [torchvision, keras]) {
  for (const shape of [small, batch]) {
    const key = `${config.variant}/${shape.join('x')}`;

    test(`${key}: logits`, async () => {
      const want = golden(`${key}/logits`);
      const reach = Math.max(...want.map(Math.abs));
      assert.ok(reach > 8 && reach < 12, `logits reach ${reach}`);
      within(await logits(shape, config), want, key);
    });
  }

  const key = `${config.variant}/${small.join('x')}`;

  test(`${key}: taps`, async () => {
    for (const [tap, { data }] of Object.entries(await run(backbone(small, config), small, config, 'software'))) {
      checkTap(`${key}/${tap}`, data);
    }
  });
}

// Software adapters take 2 s to compile each workgroup-tile pipeline: here the first half of the network, all of it and
// the other variant in test/long.
test('workgroup tiles: first tap', async () => {
  const { layer2 } = backbone(small, torchvision);
  const { data } = (await run({ layer2: layer2! }, small, torchvision, 'discrete')).layer2!;
  checkTap('v1.5/1x64x64x3/layer2', data);
});

test('a wrong stride variant and a wrong eps are noticed', async () => {
  const wrong = await logits(small, { variant: 'v1', eps: 1e-5 });
  assert.ok(difference(wrong, golden('v1.5/1x64x64x3/logits')) > 100 * LOGITS_BOUND, 'stride');
  assert.ok(difference(wrong, golden('v1/1x64x64x3/logits')) > 100 * LOGITS_BOUND, 'eps');
});

test.after(() => {
  for (const weights of uploaded.values()) weights.destroy();
});

test.run();
