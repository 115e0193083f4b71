// The configuration in a weights file: what is accepted, and what is refused in one line.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkModel } from '../../src/engine/checkModel.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { parseConfig, parseSource } from '../../src/model/config.ts';
import { configOf, numbered, plainOf } from '../harness/configs.ts';
import { refused } from '../harness/refused.ts';

const lite = configOf('lite', 3);
const plain = plainOf(2, { variant: 'v1', eps: 1e-3, preprocessing: 'keras' });
const parse = (config: unknown) => parseConfig({ plumage: JSON.stringify(config) }, 'm.safetensors');

test('presets with their backbone and classes are configurations', () => {
  for (const preset of ['paper', 'lite', 'tiny'] as const)
    assert.equal(parse(configOf(preset, 2)), configOf(preset, 2));
  assert.equal(parse(plain), plain);
});

const accepted = [
  { attention: 'none', clcaSign: -1, affinity: 'identity', fuse: 'concat', pool: 'top5' },
  { attention: 'both', cgaSign: -1, cgaScale: 'n', normalise: true, tau: 0.5, groups: 8 },
  { size: 32, d: 4, r: 4, mid: 1, hidden: 1 },
];

test('options are accepted and kept', () => {
  for (const options of accepted) assert.equal(parse({ ...lite, ...options }), { ...lite, ...options });
});

const wrong: [field: string, value: unknown, expected: RegExp][] = [
  ['model', 'resnet', /got "resnet", expected "plain" or "plumage"$/],
  ['model', undefined, /got nothing/],
  ['variant', 'v2', /expected "v1.5" or "v1"$/],
  ['eps', '1e-5', /got "1e-5", expected a number between 0 and 1$/],
  ['preprocessing', 'none', /expected "torchvision" or "keras"$/],
  ['size', 31, /got 31, expected a whole number from 32$/],
  ['classes', ['a', 1], /expected a list of names$/],
  ['classes', [], /got \[\]/],
  ['mid', 0, /expected a whole number from 1$/],
  ['d', 1.5, /expected a whole number from 4, a multiple of 4$/],
  ['d', 2 ** 60, /got 115292150460684/],
  ['r', 6, /got 6/],
  ['r', undefined, /got nothing/],
  ['groups', 24, /got 24, expected 8, 16, 32 or 64$/],
  ['hidden', '512', /got "512"/],
  ['attention', 'all', /expected "none", "clca", "cga" or "both"$/],
  ['clcaSign', 0, /expected 1 or -1$/],
  ['cgaSign', true, /expected 1 or -1$/],
  ['affinity', 'cosine', /expected "bilinear" or "identity"$/],
  ['fuse', 'mean', /expected "add" or "concat"$/],
  ['cgaScale', 'sqrt', /expected "sqrtN" or "n"$/],
  ['normalise', 1, /expected true or false$/],
  ['tau', 0, /expected a number between 0 and 1000$/],
  ['pool', 'avg', /expected "max" or "top5"$/],
];

for (const [field, value, expected] of wrong) {
  test(`refused: ${field} ${JSON.stringify(value)}`, () => {
    const start = `^m\\.safetensors: configuration: ${field}, `;
    refused(() => parse({ ...lite, [field]: value }), 'weights', new RegExp(`${start}.*${expected.source}`));
  });
}

test('unknown fields are refused, and those of the other model', () => {
  const at = 'm\\.safetensors: configuration: field';
  refused(
    () => parse({ ...lite, Groups: 8 }),
    'weights',
    new RegExp(`^${at}, got "Groups", expected only model, variant`),
  );
  refused(() => parse({ ...lite, 'a\nb': 8 }), 'weights', new RegExp(`^${at}, got "a\\\\nb"`));
  refused(() => parse({ ...plain, groups: 8 }), 'weights', new RegExp(`^${at}, got "groups", expected only model`));
});

test('metadata that is no configuration is refused', () => {
  for (const text of ['', '{', '[]', 'null', '1'])
    refused(() => parseConfig({ plumage: text }, 'm'), 'weights', /^m: metadata key plumage/);
});

test('of a source only what belongs to its backbone is read', () => {
  const source = parseSource({ plumage: JSON.stringify({ ...plain, classes: [], size: 0 }) }, 'm');
  assert.equal(source, { variant: 'v1', eps: 1e-3, preprocessing: 'keras' });
  refused(
    () => parseSource({ plumage: JSON.stringify({ ...plain, eps: 2 }) }, 'm'),
    'weights',
    /configuration: eps, got 2/,
  );
});

test('class names that are not as many as the outputs are refused', () => {
  const tensors = new Map<string, Tensor>();
  tensors.set('heads.1.fc2.weight', { shape: [200, 512], data: new Float32Array() });
  const file = { tensors, metadata: { plumage: JSON.stringify({ ...lite, classes: numbered(26) }) } };
  const line = /^m: configuration: class names, got 26, expected 200, one for each output of the network$/;
  refused(() => checkModel(file, 'm'), 'weights', line);
});

test.run();
