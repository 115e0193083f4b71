// The goldens of training against what the engine's graph has: names, batches, and that their comparison sees what is wrong.

import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { elementCount } from '../../src/graph/node.ts';
import { expectedParameters } from '../../src/model/config.ts';
import shortBytes from '../fixtures/goldens/training.bin';
import longBytes from '../fixtures/goldens/trainingLong.bin';
import { hashedValues } from '../harness/hashedWeights.ts';
import {
  checkLosses,
  checkStep,
  configOfCase,
  groupOf,
  lossesCase,
  StepGoldens,
  stepCase,
  stepKeys,
  trainingBatch,
} from '../harness/trainingGoldens.ts';

const short = readSafetensors(shortBytes, 'training.bin').tensors;
const long = readSafetensors(longBytes, 'trainingLong.bin').tensors;
const goldensOf = (key: string) => new StepGoldens(stepCase(key).preset === 'paper' ? long : short, key);

const checksum = ({ buffer }: Float32Array | Uint32Array) => crc32(new Uint8Array(buffer as ArrayBuffer));

for (const key of stepKeys) {
  test(`${key}: gradients of all that is trained, statistics of all batch norms`, () => {
    const names = [...expectedParameters(modelGraph(configOfCase(stepCase(key)), [1, 64, 64, 3])).keys()];
    const isStatistic = (name: string) => /running_(mean|var)$/.test(name);
    assert.equal(goldensOf(key).names('statistics').sort(), names.filter(isStatistic).sort());
    assert.equal(goldensOf(key).names('gradients').sort(), names.filter((name) => !isStatistic(name)).sort());
  });

  test(`${key}: x and labels are those of the twin, bit for bit`, () => {
    const { x, labels } = trainingBatch(stepCase(key));
    assert.equal({ x: checksum(x), labels: checksum(labels) }, stepCase(key).crc32);
  });
}

const key = 'tiny';
const goldens = goldensOf(key);

/** A gradient that has the golden's sample where it should be, and the golden's norm by one more value. */
function restored(name: string, size: number): Float32Array {
  const [norm, ...sample] = short.get(`${key}/gradients/${name}`)!.data;
  const gradient = new Float32Array(size);
  const at = sample.map((_, i) => (size === sample.length ? i : (i * 104729) % size));
  sample.forEach((value, i) => {
    gradient[at[i]!] = value;
  });
  const free = gradient.findIndex((_, i) => !at.includes(i));
  const rest = norm! ** 2 - sample.reduce((sum, value) => sum + value * value, 0);
  if (free >= 0) gradient[free] = Math.sqrt(rest);
  return gradient;
}

const shapes = expectedParameters(modelGraph(configOfCase(stepCase(key)), [1, 64, 64, 3]));
const gradient = (name: string) => restored(name, elementCount(shapes.get(name)!));

test('a gradient with the sample and the norm is right', () => {
  for (const name of goldens.names('gradients')) assert.ok(goldens.relativeL2(name, gradient(name)) < 1e-6, name);
});

test('relative L2 is about that of the whole tensor, for whole and sampled ones', () => {
  for (const name of ['heads.1.fc2.weight', 'heads.2.bn2.weight', 'clca.gamma', 'backbone.layer2.0.conv2.weight']) {
    const right = gradient(name);
    const noise = hashedValues('noise', right.length, -1, 1);
    const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
    const scale = (0.01 * norm(right)) / norm(noise);
    const wrong = right.map((value, i) => value + scale * noise[i]!);
    const got = goldens.relativeL2(name, wrong);
    assert.ok(got > 0.008 && got < 0.012, `${name}: ${got}`);
    const larger = goldens.relativeL2(
      name,
      right.map((value) => value * 1.01),
    );
    assert.ok(Math.abs(larger - 0.01) < 1e-3, `${name}: ${larger}`);
  }
});

test('a wrong order, a missing part and NaN are seen', () => {
  const name = 'backbone.layer1.0.conv2.weight';
  const right = gradient(name);
  assert.ok(goldens.relativeL2(name, right.slice().reverse()) > 0.5);
  assert.ok(goldens.relativeL2(name, right.slice().fill(0, right.length / 2)) > 0.1);
  const broken = right.slice();
  broken[1] = Number.NaN; // not in the sample
  assert.not(goldens.relativeL2(name, broken) <= 1);
});

test('what a batch norm cancels may be rounding, and no more', () => {
  for (const name of ['heads.1.fc1.bias', 'heads.cat.bn1.bias']) {
    const size = elementCount(shapes.get(name)!);
    assert.ok(goldens.relativeL2(name, new Float32Array(size).fill(1e-9)) < 1e-4, name);
    assert.ok(goldens.relativeL2(name, new Float32Array(size).fill(1e-4)) > 1e-3, name);
  }
});

test('groups', () => {
  assert.is(groupOf('clca.fuse.1.bn.weight'), 'blocks');
  assert.is(groupOf('clca.12.u.weight'), 'clca');
  assert.is(groupOf('cga.beta'), 'cga');
  assert.is(groupOf('backbone.fc.weight'), 'backbone');
});

test('checks say what is off', () => {
  const gradients = new Map([...goldens.names('gradients')].map((name) => [name, tensor(gradient(name))]));
  const statistics = new Map(
    goldens.names('statistics').map((name) => {
      const [, ...sample] = short.get(`${key}/statistics/${name}`)!.data;
      const data = new Float32Array(elementCount(shapes.get(name)!));
      const at = (i: number) => (data.length === sample.length ? i : (i * 104729) % data.length);
      sample.forEach((value, i) => {
        data[at(i)] = value;
      });
      return [name, tensor(data)];
    }),
  );
  const logits = { logitsCat: short.get(`${key}/logits/logitsCat`)! };
  const got = { loss: goldens.loss, logits, statistics, gradients };
  assert.match(checkStep(goldens, got), /^tiny is off by loss 0.0e\+0/);
  assert.throws(() => checkStep(goldens, { ...got, loss: got.loss * 1.001 }), /past the bar, loss$/);
  const wrong = new Map(gradients).set('cga.beta', tensor(Float32Array.of(5)));
  assert.throws(() => checkStep(goldens, { ...got, gradients: wrong }), /past the bar, cga$/);
});

test('the two runs of ten steps differ by more than the bars, and each is as good as PyTorch in f32', () => {
  const losses = (name: string) => [...short.get(`${name}/losses`)!.data];
  for (const name of ['steps', 'stepsDecayed']) {
    assert.is(losses(name).length, lossesCase(name).steps);
    assert.match(checkLosses(short, name, losses(name)), /off by 0e\+0/);
  }
  assert.throws(() => checkLosses(short, 'steps', losses('stepsDecayed')), /past the bar/);
  assert.throws(() => checkLosses(short, 'steps', [...losses('steps').slice(0, 9), Number.NaN]), /past the bar/);
});

const tensor = (data: Float32Array) => ({ shape: [data.length], data });

test.run();
