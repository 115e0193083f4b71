// The trainer on a device: the same bits from the same start, what a step may not change, and what it refuses.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Photo } from '../../src/data/decode.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { TrainerOptions } from '../../src/train/plans.ts';
import { checkRecipe } from '../../src/train/recipe.ts';
import { frozenOf } from '../../src/train/schedule.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { configOf, plainOf } from '../harness/configs.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { hashedModel } from '../harness/hashedFinegrained.ts';
import { hashedNoise, hashedValues } from '../harness/hashedWeights.ts';
import { rejected } from '../harness/refused.ts';

const BATCH = 8;
const config = configOf('tiny', 5);
const start = new Map(Object.entries(hashedModel(config)));
const x = hashedNoise('batch', [BATCH, 64, 64, 3]);
const labels = Uint32Array.from({ length: BATCH }, (_, i) => i % 5);
const rates = { head: 0.01, backbone: 1e-5 }; // of hashed weights larger steps overshoot

async function steps(
  tensors: ReadonlyMap<string, Tensor>,
  count: number,
  options: Partial<TrainerOptions> = {},
): Promise<{ losses: number[]; after: Map<string, Tensor> }> {
  const trainer = await Trainer.open(await testDevice(), config, tensors, { batch: BATCH, ...options });
  try {
    const losses: number[] = [];
    for (let i = 0; i < count; i++) losses.push((await trainer.stepTensor(x, labels, rates)).loss);
    return { losses, after: await trainer.snapshot() };
  } finally {
    trainer.close();
  }
}

/** Hashed pixels. */
function photo(width: number, height: number): Photo {
  const data = Uint8Array.from(hashedValues(`${width}x${height}`, 4 * width * height, 0, 256), Math.floor);
  return { width, height, data: data.map((v, i) => (i % 4 === 3 ? 255 : v)) };
}

/** Names of tensors that are not the same, bit for bit. */
const changed = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>): string[] =>
  [...a.keys()].filter((name) => {
    const [left, right] = [a.get(name)!.data, b.get(name)?.data];
    return !right || !left.every((value, i) => Object.is(value, right[i]));
  });

const whole = steps(start, 2);

test('trainer: the loss falls, and every trained tensor and running statistic moves', async () => {
  const { losses, after } = await whole;
  assert.ok(losses[1]! < losses[0]!, `losses ${losses}`);
  const still = [...start.keys()].filter((name) => !changed(start, after).includes(name));
  assert.equal(still, []);
  const velocities = [...after.keys()].filter((name) => name.startsWith('velocity.'));
  assert.is(velocities.length, [...start.keys()].filter((name) => !/running_/.test(name)).length);
});

test('trainer: going on from a snapshot and computing values again give the same bits', async () => {
  const { losses, after } = await whole;
  const first = await steps(start, 1);
  const rest = await steps(first.after, 1);
  assert.equal([...first.losses, ...rest.losses], losses);
  assert.equal(changed(after, rest.after), []);
  const again = await steps(start, 2, { recompute: true });
  assert.equal(again.losses, losses);
  assert.equal(changed(after, again.after), []);
});

test('trainer: a frozen backbone stays as it is, its running statistics too', async () => {
  const { after } = await steps(start, 1, { frozen: ['backbone'] });
  const moved = changed(start, after);
  assert.ok(moved.includes('heads.cat.fc2.weight'));
  assert.equal(
    moved.filter((name) => name.startsWith('backbone.')),
    [],
  );
});

test('trainer: micro-batches add up to the mean of their gradients', async () => {
  const half = BATCH / 2;
  const run = async (pixels: Float32Array, classes: Uint32Array, options: TrainerOptions) => {
    const trainer = await Trainer.open(await testDevice(), config, start, { weightDecay: 0, ...options });
    await trainer.stepTensor(pixels, classes, rates);
    const tensors = await trainer.snapshot();
    trainer.close();
    return tensors;
  };
  const cut = x.length / 2;
  const parts = [
    await run(x.slice(0, cut), labels.slice(0, half), { batch: half }),
    await run(x.slice(cut), labels.slice(half), { batch: half }),
  ];
  const both = await run(x, labels, { batch: BATCH, microBatch: half });
  for (const name of [
    'heads.cat.fc2.weight',
    'blocks.2.conv2.weight',
    'backbone.layer3.1.conv2.weight',
    'clca.gamma',
  ]) {
    const moved = (tensors: ReadonlyMap<string, Tensor>) =>
      tensors.get(name)!.data.map((value, i) => value - start.get(name)!.data[i]!);
    const [a, b, sum] = [...parts, both].map(moved) as [Float32Array, Float32Array, Float32Array];
    const size = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
    const apart = Math.sqrt(sum.reduce((total, value, i) => total + (value - (a[i]! + b[i]!) / 2) ** 2, 0));
    assert.ok(apart < 1e-3 * size, `${name}: off by ${apart} of ${size}`);
  }
});

for (const [where, options] of [
  ['a step', {}],
  ['the first of two micro-batches', { microBatch: BATCH / 2 }],
] as const) {
  test(`trainer: a loss that is not finite in ${where} changes nothing, and the layer is named`, async () => {
    const bad = x.slice();
    bad[100] = Number.NaN;
    const trainer = await Trainer.open(await testDevice(), config, start, { batch: BATCH, ...options });
    const { loss } = await trainer.stepTensor(bad, labels, rates);
    assert.ok(Number.isNaN(loss));
    assert.is(await trainer.firstNonFinite(labels), 'backbone.conv1');
    const after = await trainer.snapshot();
    trainer.close();
    assert.equal(changed(start, after), []);
  });
}

test('trainer: a plain network of which only the last layer is trained, on what its backbone says of photos', async () => {
  const plain = plainOf(5, { size: 64 });
  const tensors = new Map(Object.entries(hashedModel(plain)));
  const options = { batch: 4, frozen: frozenOf(checkRecipe({ freeze: 'backbone' })), features: true };
  const trainer = await Trainer.open(await testDevice(), plain, tensors, options);
  const photos = Array.from({ length: 4 }, (_, i) => ({ photo: photo(70 + i, 64) }));
  const features = await trainer.features(photos);
  assert.equal(
    features.map(({ length }) => length),
    [8192, 8192, 8192, 8192],
  );
  const some = features.map((each) => ({ features: each }));
  const slow = { head: 1e-4, backbone: 0 }; // 2048 values an image make large steps
  const first = await trainer.step(some, labels.slice(0, 4), slow);
  const second = await trainer.step(some, labels.slice(0, 4), slow);
  assert.ok(second.loss < first.loss, `losses ${first.loss}, ${second.loss}`);
  assert.is(await trainer.observe(photos, 1), false); // its batch norms are frozen
  const moved = changed(tensors, await trainer.snapshot());
  trainer.close();
  assert.equal(moved.sort(), ['backbone.fc.bias', 'backbone.fc.weight']);
});

test('trainer: running statistics observed over one batch are those of the batch', async () => {
  const trainer = await Trainer.open(await testDevice(), config, start, { batch: BATCH });
  const photos = Array.from({ length: BATCH }, (_, i) => ({ photo: photo(80, 60 + i) }));
  assert.is(await trainer.observe(photos, 1), true);
  const once = await trainer.snapshot();
  await trainer.observe(photos, 0.5); // the mean of the same with itself
  const twice = await trainer.snapshot();
  trainer.close();
  const moved = changed(start, once);
  assert.ok(moved.length > 0 && moved.every((name) => /running_(mean|var)$/.test(name)));
  assert.equal(changed(once, twice), []);
});

test('trainer: a device that is lost in the middle of a step is said to be, and closing does no harm', async () => {
  const device = await freshDevice();
  const trainer = await Trainer.open(device, config, start, { batch: BATCH });
  const step = trainer.stepTensor(x, labels, rates);
  device.gpu.destroy();
  await rejected(step, 'lost', /^device lost/);
  await rejected(trainer.snapshot(), 'lost', /^state .*: device lost .* - resume from a checkpoint$/);
  trainer.close();
});

test('trainer: refusals are one line', async () => {
  const device = await testDevice();
  const refused = async (pattern: RegExp, work: Promise<unknown>) => {
    const message = await work.then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    assert.match(message, pattern);
  };
  const missing = new Map([...start].filter(([name]) => name !== 'clca.gamma'));
  await refused(
    /^training: clca.gamma: shape, got no tensor, expected \(3\)$/,
    Trainer.open(device, config, missing, { batch: 8 }),
  );
  await refused(
    /^training: micro-batch, got 3, expected a divisor of the batch, 8$/,
    Trainer.open(device, config, start, { batch: 8, microBatch: 3 }),
  );
  await refused(/expected more than one value a channel/, Trainer.open(device, config, start, { batch: 1 }));
});

test.run();
