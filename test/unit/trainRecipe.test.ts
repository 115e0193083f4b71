// The recipe, what follows from it, and the streams of an epoch.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseSetting } from '../../src/cli/setting.ts';
import type { Photo } from '../../src/data/decode.ts';
import { atSize, type PreprocessConfig, preprocessPresets, stretched } from '../../src/data/preprocess.ts';
import { random } from '../../src/model/random.ts';
import { cropOf, orderOf, trainingImages } from '../../src/train/epoch.ts';
import { checkRecipe, checkSame, defaults } from '../../src/train/recipe.ts';
import { blockMomentumOf, frozenOf, ratesOf, stepsPerEpoch } from '../../src/train/schedule.ts';
import { refused } from '../harness/refused.ts';

const wrong = (settings: Record<string, unknown>, pattern: RegExp) =>
  refused(() => checkRecipe(settings), 'input', pattern);

test('the defaults are the published recipe', () => {
  const { epochs, batch, lr, backboneLr, momentum, weightDecay, smoothing, warmup } = checkRecipe({});
  assert.equal(
    { epochs, batch, lr, backboneLr, momentum, weightDecay, smoothing, warmup },
    {
      epochs: 200,
      batch: 16,
      lr: 0.002,
      backboneLr: 0.0002,
      momentum: 0.9,
      weightDecay: 5e-4,
      smoothing: 0,
      warmup: 0,
    },
  );
});

test('settings are checked by name and by value', () => {
  wrong({ epoch: 3 }, /^recipe: key, got "epoch", expected one of epochs, batch,/);
  wrong({ epochs: 0 }, /^recipe: epochs, got 0, expected a whole number from 1$/);
  wrong({ epochs: '3' }, /^recipe: epochs, got "3", expected a whole number from 1$/);
  wrong({ freeze: 'layer5' }, /freeze, got "layer5", expected none, stem, layer1, layer2, layer3 or backbone$/);
  wrong({ lr: Number.NaN }, /^recipe: lr, got null, expected a number from 0 to 100$/);
  wrong({ batch: 16, microBatch: 3 }, /^recipe: microBatch, got 3, expected a divisor of the batch of 16$/);
  wrong({ microBatch: 1 }, /one value a channel$/);
  wrong({ patience: 2 }, /expected held where patience is set/);
});

test('--set takes numbers, truths and words', () => {
  assert.equal(parseSetting('lr=0.01'), ['lr', 0.01]);
  assert.equal(parseSetting('augment = false'), ['augment', false]);
  assert.equal(parseSetting('attention=clca'), ['attention', 'clca']);
  refused(() => parseSetting('lr'), 'input', /^--set: setting, got "lr", expected key=value$/);
  refused(() => checkRecipe({ rate: 1 }, 'train'), 'input', /^train: key, got "rate", expected one of/);
});

test('a run goes on with its own recipe only', () => {
  checkSame(defaults, { ...defaults }, 'runs/x');
  const other = { ...defaults, epochs: 3 };
  refused(
    () => checkSame(other, defaults, 'runs/x'),
    'input',
    /^runs\/x: the run began with epochs=200, got epochs=3 - /,
  );
});

test('learning rates follow half a cosine by the epoch, scale with the batch and rise over the warm-up', () => {
  assert.equal(ratesOf(defaults, 0), { head: 0.002, backbone: 0.0002 });
  assert.ok(Math.abs(ratesOf(defaults, 100).head - 0.001) < 1e-12);
  assert.ok(Math.abs(ratesOf(defaults, 199).head - 0.001 * (1 + Math.cos((199 / 200) * Math.PI))) < 1e-12);
  assert.is(ratesOf({ ...defaults, batch: 8 }, 0).head, 0.001);
  assert.is(ratesOf({ ...defaults, warmup: 3 }, 0).head, 0.0005);
  assert.ok(ratesOf({ ...defaults, warmup: 3 }, 3).head > 0.00199);
});

test('steps, momentum of the blocks, frozen stages', () => {
  assert.is(stepsPerEpoch(5994, defaults), 374);
  refused(() => stepsPerEpoch(15, defaults), 'input', /batch, got 16, expected at most the 15 training images/);
  assert.equal(blockMomentumOf(defaults, 374), { value: 0.01, raised: false });
  assert.equal(blockMomentumOf({ ...defaults, epochs: 2 }, 374), { value: 0.1, raised: true });
  assert.equal(blockMomentumOf({ ...defaults, blockMomentum: 0.05 }, 1), { value: 0.05, raised: false });
  assert.equal(frozenOf(defaults), []);
  const stem = ['backbone.conv1', 'backbone.bn1'];
  assert.equal(frozenOf({ ...defaults, freeze: 'stem' }), stem);
  const layers = [1, 2, 3, 4].map((stage) => `backbone.layer${stage}`);
  assert.equal(frozenOf({ ...defaults, freeze: 'layer2' }), [...stem, ...layers.slice(0, 2)]);
  assert.equal(frozenOf({ ...defaults, freeze: 'backbone' }), [...stem, ...layers]);
});

test('named streams of random numbers do not know of each other', () => {
  const take = (name: string) => Array.from({ length: 3 }, random(name));
  assert.equal(take('1/a'), take('1/a'));
  assert.not.equal(take('1/a'), take('1/b'));
  assert.ok(take('x').every((value) => value >= 0 && value < 1));
});

test('an epoch has every image once, in an order of its own', () => {
  const order = orderOf({ seed: 1 }, 0, 100);
  assert.equal(
    [...order].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
  assert.equal(orderOf({ seed: 1 }, 0, 100), order);
  assert.not.equal(orderOf({ seed: 1 }, 1, 100), order);
  assert.not.equal(orderOf({ seed: 2 }, 0, 100), order);
});

test('the order is fair: each image comes first about as often', () => {
  const counts = new Array<number>(5).fill(0);
  for (let epoch = 0; epoch < 2000; epoch++) counts[orderOf({ seed: 7 }, epoch, 5)[0]!]!++;
  assert.ok(
    counts.every((count) => count > 320 && count < 480),
    `${counts}`,
  );
});

test('images from the middle of an epoch are those that would have come', () => {
  const images = Array.from({ length: 7 }, (_, i) => ({ file: `${i}.jpg`, label: i % 2 }));
  const recipe = { seed: 3, epochs: 3 };
  const all = [...trainingImages(recipe, images, { epoch: 0, position: 0 })];
  assert.is(all.length, 21);
  assert.equal([...trainingImages(recipe, images, { epoch: 1, position: 5 })], all.slice(12));
  assert.equal([...trainingImages(recipe, images, { epoch: 1, position: 7 })], all.slice(14));
  assert.equal([...trainingImages(recipe, images, { epoch: 3, position: 0 })], []);
});

/** The crop with augmentation. */
const trained = (seed: number, epoch: number, index: number, photo: Photo, preprocessing: PreprocessConfig) => {
  const crop = cropOf({ seed, augment: true }, { epoch, index }, photo, preprocessing);
  return { left: crop?.left ?? Number.NaN, top: crop?.top ?? Number.NaN, flip: crop?.flip };
};

test('crops depend on seed, epoch and image, stay inside the padding, and are absent without augmentation', () => {
  const preprocessing = atSize(stretched(preprocessPresets.torchvision), 112);
  const photo = { width: 300, height: 200, data: new Uint8Array() };
  const crop = (seed: number, epoch: number, index: number) => trained(seed, epoch, index, photo, preprocessing);
  assert.equal(crop(1, 2, 3), crop(1, 2, 3));
  const all = Array.from({ length: 200 }, (_, index) => crop(1, 0, index));
  const room = preprocessing.resize - 112;
  assert.is(Math.min(...all.map(({ left }) => left)), -2);
  assert.is(Math.max(...all.map(({ top }) => top)), room + 2);
  assert.ok(Math.abs(all.filter(({ flip }) => flip).length - 100) < 30);
  assert.is(cropOf({ seed: 1, augment: false }, { epoch: 0, index: 0 }, photo, preprocessing), undefined);
});

test('a photo that keeps its aspect is cropped along its long side too', () => {
  const preprocessing = atSize(preprocessPresets.torchvision, 112);
  const photo = { width: 400, height: 100, data: new Uint8Array() };
  const lefts = Array.from({ length: 300 }, (_, index) => trained(0, 0, index, photo, preprocessing).left);
  assert.ok(Math.max(...lefts) > 350 && Math.max(...lefts) <= 402, `${Math.max(...lefts)}`);
});

test.run();
