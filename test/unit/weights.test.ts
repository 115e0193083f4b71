// The door for weights files of either kind, and the check against what a model expects.

import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { checkWeights, readWeights } from '../../src/formats/weights.ts';
import type { Tensor, TensorFile } from '../../src/graph/tensor.ts';
import { isRefusal, refused, rejected } from '../harness/refused.ts';

const pth = new Uint8Array(readFileSync('test/fixtures/goldens/torch/stateDict.pth'));
const zeros = (...shape: number[]): Tensor => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const fileOf = (tensors: Record<string, Tensor>, metadata = {}): TensorFile => ({
  tensors: new Map(Object.entries(tensors)),
  metadata,
});

test("a .pth with torchvision's names gets the prefix and torchvision's configuration", async () => {
  const { tensors, metadata } = await readWeights(pth, 'resnet.pth');
  assert.ok([...tensors.keys()].every((name) => name.startsWith('backbone.')));
  assert.equal(tensors.get('backbone.conv1.weight')!.shape, [4, 3, 3, 3]);
  assert.equal(JSON.parse(metadata.plumage!), {
    model: 'plain',
    variant: 'v1.5',
    eps: 1e-5,
    preprocessing: 'torchvision',
    size: 224,
    classes: ['class 0', 'class 1', 'class 2', 'class 3', 'class 4'],
  });
});

test('safetensors are recognised, also without fc; metadata that is there stays', async () => {
  const plain = writeSafetensors(fileOf({ 'conv1.weight': zeros(1, 1, 1, 1) }));
  assert.equal(JSON.parse((await readWeights(plain, 'f')).metadata.plumage!).classes, []);
  const own = writeSafetensors(fileOf({ 'conv1.weight': zeros(1) }, { plumage: '{"eps":1}' }));
  assert.is((await readWeights(own, 'f')).metadata.plumage, '{"eps":1}');
  const ours = writeSafetensors(fileOf({ 'backbone.conv1.weight': zeros(1), 'clca.gamma': zeros(3) }));
  assert.equal([...(await readWeights(ours, 'f')).tensors.keys()], ['backbone.conv1.weight', 'clca.gamma']);
});

test("one missing tensor does not hide that the names are torchvision's", async () => {
  const partial = writeSafetensors(fileOf({ 'layer4.2.bn3.bias': zeros(1), 'fc.bias': zeros(2) }));
  assert.equal(
    [...(await readWeights(partial, 'f')).tensors.keys()],
    ['backbone.fc.bias', 'backbone.layer4.2.bn3.bias'],
  );
});

test('safetensors whose header length starts like an old torch file are still safetensors', async () => {
  const header = `{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}`.padEnd(0x280);
  const bytes = new Uint8Array(8 + 0x280 + 4);
  bytes.set([0x80, 2, ...new Array(6).fill(0), ...new TextEncoder().encode(header)]);
  assert.equal([...(await readWeights(bytes, 'f')).tensors.keys()], ['x']);
});

for (const [name, bytes, pattern] of [
  ['an empty file', new Uint8Array(0), /the file is empty/],
  ['a text', new TextEncoder().encode('<!doctype html><html>'), /neither a \.safetensors nor a \.pth/],
  ['a short file', Uint8Array.of(1, 2, 3), /neither/],
  ['a truncated .pth', pth.subarray(0, 2000), /no end record/],
  ['an old .pth', new Uint8Array(readFileSync('test/fixtures/goldens/torch/old.pth')), /before 1\.6/],
] as const) {
  test(`refused: ${name}`, () => rejected(readWeights(bytes, 'w'), 'weights', pattern));
}

const expected = new Map<string, readonly number[]>([
  ['backbone.conv1.weight', [2, 3]],
  ['backbone.bn1.bias', [2]],
]);
const good = { 'backbone.conv1.weight': zeros(2, 3), 'backbone.bn1.bias': zeros(2) };

test('weights that fit pass, with num_batches_tracked and an unused fc', () => {
  checkWeights(fileOf(good), expected, 'w');
  const extras = {
    'backbone.bn1.num_batches_tracked': zeros(),
    'backbone.fc.weight': zeros(1),
    'backbone.fc.bias': zeros(1),
  };
  checkWeights(fileOf({ ...good, ...extras }), expected, 'w');
});

test('missing, unknown and misshapen tensors are listed in one line', () => {
  const file = fileOf({ 'backbone.conv1.weight': zeros(3, 2), other: zeros(1) });
  refused(
    () => checkWeights(file, expected, 'w.pth'),
    'weights',
    /^w\.pth: .*: 1 missing \(backbone\.bn1\.bias\); 1 unknown \(other\); 1 wrong shape \(backbone\.conv1\.weight \(3, 2\) expected \(2, 3\)\) - /,
  );
});

test('long lists are cut with their count', () => {
  const many = new Map(Array.from({ length: 267 }, (_, i) => [`t${i}`, [1]] as const));
  refused(() => checkWeights(fileOf({}), many, 'w'), 'weights', /267 missing \(t0, t1, t2, t3, t4, \.\.\.\)/);
});

test('an expected fc is not an extra', () => {
  const withFc = new Map([...expected, ['backbone.fc.bias', [5]] as const]);
  refused(() => checkWeights(fileOf(good), withFc, 'w'), 'weights', /1 missing \(backbone\.fc\.bias\)/);
});

test('NaN and infinities are named with tensor and index', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const bad = { shape: [2], data: Float32Array.of(3.4e38, value) };
    const file = fileOf({ ...good, 'backbone.bn1.bias': bad });
    refused(() => checkWeights(file, expected, 'w'), 'weights', new RegExp(`backbone\\.bn1\\.bias\\[1\\] is ${value}`));
  }
});

test('fuzz: any bytes give one clear line', async () => {
  const head = fc.constantFrom([], [0x50, 0x4b, 3, 4], [0x80, 2, 0x8a, 0x0a], [2, 0, 0, 0, 0, 0, 0, 0, 0x7b]);
  await fc.assert(
    fc.asyncProperty(head, fc.uint8Array({ maxLength: 200 }), async (start, rest) => {
      try {
        await readWeights(Uint8Array.of(...start, ...rest), 'w');
      } catch (error) {
        isRefusal(error, 'weights', /^w: /);
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
