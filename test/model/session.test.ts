// Sessions: runs in a queue, feeds that are refused, lost devices, default limits, and runs that create nothing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Weights } from '../../src/gpu/constants.ts';
import type { Device } from '../../src/gpu/device.ts';
import { profile } from '../../src/gpu/profile.ts';
import { type Feed, open, type Session } from '../../src/gpu/session.ts';
import { input, type Node, parameter, reachable } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { plan } from '../../src/graph/plan.ts';
import { countCalls, creators, liveBuffers } from '../harness/countCalls.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { classifier, openFamily, resnetWeights } from '../harness/hashedResnet.ts';
import { hashedNoise } from '../harness/hashedWeights.ts';
import { rejected } from '../harness/refused.ts';

// y = x w + b in whole numbers, so that every answer is exact; sum = y + extra.
const w = filtersLast(parameter('w', [3, 4]));
const y = linear('y', input('x', [2, 4]), w, parameter('b', [3]));
const small = { y, sum: add('sum', y, input('extra', [2, 3])) };
const parameters = new Map([
  ['w', { shape: [3, 4], data: Float32Array.from({ length: 12 }, (_, i) => i - 5) }],
  ['b', { shape: [3], data: Float32Array.of(7, -8, 9) }],
]);
const smallWeights = (device: Device) => new Weights(device, { tensors: parameters, metadata: {} }, 'test');
const openSmall = async (device: Device) => open(device, plan(small, device.target), smallWeights(device));
const feedsOf = (seed: number) => ({
  x: Float32Array.from({ length: 8 }, (_, i) => seed * 3 + i),
  extra: new Float32Array(6).fill(seed),
});

function expected({ x, extra }: ReturnType<typeof feedsOf>): Record<string, number[]> {
  const [wide, b] = [parameters.get('w')!.data, parameters.get('b')!.data];
  const product = (i: number) =>
    [0, 1, 2, 3].reduce((sum, k) => sum + x[4 * Math.floor(i / 3) + k]! * wide[4 * (i % 3) + k]!, 0);
  const want = Array.from(extra, (_, i) => product(i) + b[i % 3]!);
  return { y: want, sum: want.map((value, i) => value + extra[i]!) };
}

async function checkRun(session: Session, seed: number): Promise<void> {
  const outputs = await session.run(feedsOf(seed));
  const got = Object.entries(outputs).map(([name, { data }]) => [name, [...data]]);
  assert.equal(Object.fromEntries(got), expected(feedsOf(seed)));
}

/** The first stage of ResNet50 on a photo of 64 x 64: long enough to be interrupted. */
const shape = [1, 64, 64, 3];
const graph = classifier(shape, { variant: 'v1.5', eps: 1e-5 });
const find = (name: string): Node => reachable([graph.logits!]).find((node) => node.name === name)!;
const stage = { stage1: find('backbone.layer1.2.conv3') };
const x = hashedNoise('1x64x64x3', shape);
const openStage = (device: Device) => openFamily(device, stage, resnetWeights(device));

test('runs that do not wait for each other answer in order, each for its own feeds', async () => {
  const session = await openSmall(await testDevice());
  const order: number[] = [];
  const runs = Array.from({ length: 20 }, (_, seed) => checkRun(session, seed).then(() => order.push(seed)));
  await Promise.all(runs);
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  );
  await checkRun(session, 99);
  session.close();
});

const { x: goodX, extra } = feedsOf(1);
const wrongFeeds: [what: string, feeds: Record<string, unknown>, message: RegExp][] = [
  ['a feed is missing', { x: goodX }, /^run: feed extra, got nothing, expected 6 values \(2, 3\)$/],
  ['an unknown name', { x: goodX, extra, X: goodX }, /^run: feed, got X, expected only x, extra$/],
  ['too short', { x: goodX.subarray(1), extra }, /^run: length of feed x, got 7, expected 8 \(2, 4\)$/],
  ['too long', { x: goodX, extra: new Float32Array(9) }, /^run: length of feed extra, got 9, expected 6 \(2, 3\)$/],
  ['empty', { x: new Float32Array(), extra }, /^run: length of feed x, got 0, expected 8/],
  ['u32 for f32', { x: new Uint32Array(8), extra }, /^run: type of feed x, got Uint32Array, expected Float32Array$/],
  ['f64 for f32', { x: new Float64Array(8), extra }, /^run: type of feed x, got Float64Array, expected Float32Array$/],
  ['a list for f32', { x: [...goodX], extra }, /^run: type of feed x, got Array, expected Float32Array$/],
  ['null', { x: null, extra }, /^run: feed x, got nothing, expected 8 values/],
];

for (const [what, feeds, message] of wrongFeeds) {
  test(`refused: ${what}`, async () => {
    const session = await openSmall(await testDevice());
    await rejected(session.run(feeds as Record<string, Feed>), 'input', message);
    await checkRun(session, 3);
    session.close();
  });
}

test('refused: wrong types and lengths of a u32 feed', async () => {
  const device = await testDevice();
  const words = input('words', [4], 'u32', true);
  const session = await open(device, plan({ y: add('twice', words, words) }, device.target));
  const bad = (feed: unknown, message: RegExp) => rejected(session.run({ words: feed as Feed }), 'input', message);
  await bad(new Float32Array(4), /^run: type of feed words, got Float32Array, expected Uint32Array or Uint8Array$/);
  await bad(new Float64Array(2), /^run: type of feed words, got Float64Array, expected/);
  await bad(new Uint32Array(5), /^run: length of feed words, got 5, expected at most 4 \(4\)$/);
  await bad(new Uint8Array(6), /^run: length of feed words, got 1.5, expected at most 4 \(4\)$/);
  await bad(new Uint32Array(0), /^run: length of feed words, got 0, expected/);
  await session.run({ words: new Uint8Array(12) });
  session.close();
});

test('refused: weights that lack a tensor or have another shape; the device stays usable', async () => {
  const device = await testDevice();
  const made = plan(small, device.target);
  const without = { tensors: new Map([...parameters].slice(0, 1)), metadata: {} };
  await rejected(
    open(device, made, new Weights(device, without, 'w.safetensors')),
    'weights',
    /^w\.safetensors: tensor b, got/,
  );
  const wrong = { tensors: new Map(parameters).set('b', { shape: [4], data: new Float32Array(4) }), metadata: {} };
  await rejected(
    open(device, made, new Weights(device, wrong, 'w.safetensors')),
    'weights',
    /^w\.safetensors: b: shape, got/,
  );
  const session = await openSmall(device);
  await checkRun(session, 1);
  session.close();
});

test('NaN flows through, and is gone in the next run', async () => {
  const session = await openSmall(await testDevice());
  const { sum } = await session.run({ ...feedsOf(1), x: new Float32Array(8).fill(Number.NaN) });
  assert.ok(sum!.data.every(Number.isNaN));
  await checkRun(session, 2);
  session.close();
});

test('a device lost in the middle of a run: typed rejections, and a new device gives the same answer', async () => {
  const device = await freshDevice();
  const session = await openStage(device);
  const { stage1: before } = await session.run({ x });
  const runs = [session.run({ x }), session.run({ x })];
  device.gpu.destroy();
  for (const run of runs) await rejected(run, 'lost', /^device lost \(.*\) - open the session again on a new device$/);
  await device.gpu.lost;
  await rejected(session.run({ x }), 'lost', /^device lost/);
  await rejected(openSmall(device), 'lost', /^device lost/);
  session.close();

  const again = await freshDevice();
  const { stage1: after } = await (await openStage(again)).run({ x });
  assert.equal(after!.data, before!.data);
  again.gpu.destroy();
});

test('a device lost while a session is timed', async () => {
  const device = await freshDevice();
  const session = await openSmall(device);
  const timing = profile(session, feedsOf(1));
  device.gpu.destroy();
  await rejected(timing, 'lost', /^device lost \(destroyed/);
});

test('a device lost while a session opens', async () => {
  const device = await freshDevice();
  const opening = openStage(device);
  device.gpu.destroy();
  await rejected(opening, 'lost', /^device lost/);
});

test('a session closed in the middle of a run: that run still answers, and then every buffer is freed', async () => {
  const device = await freshDevice();
  const live = liveBuffers(device.gpu);
  const weights = resnetWeights(device);
  const session = await openFamily(device, stage, weights);
  const { stage1: before } = await session.run({ x });
  const run = session.run({ x });
  session.close();
  await rejected(session.run({ x }), 'input', /^run: the session is closed - open it again$/);
  assert.equal((await run).stage1!.data, before!.data);
  assert.ok(live.size > 10, 'the weights are left');
  weights.destroy();
  assert.equal([...live], []);
  device.gpu.destroy();
});

test('WebGPU default limits are enough for ResNet50', async () => {
  const device = await freshDevice({ defaultLimits: true });
  assert.is(device.target.maxStorageBufferBindingSize, 128 * 2 ** 20);
  const session = await openFamily(device, graph, resnetWeights(device));
  const { logits } = await session.run({ x });
  device.gpu.destroy();
  const shared = await testDevice();
  const weights = resnetWeights(shared);
  const usual = await openFamily(shared, graph, weights);
  assert.equal(logits!.data, (await usual.run({ x })).logits!.data);
  usual.close();
  weights.destroy();
});

test('after the first run nothing is created: one upload for each feed and one submit', async () => {
  const device = await freshDevice();
  const session = await openStage(device);
  await session.run({ x });
  const created = countCalls(device.gpu, ...creators);
  const queued = countCalls(device.gpu.queue, 'writeBuffer', 'submit');
  for (let i = 0; i < 3; i++) await session.run({ x });
  assert.equal(created, Object.fromEntries(creators.map((name) => [name, 0])));
  assert.equal(queued, { writeBuffer: 3, submit: 3 });
  await openSmall(device);
  assert.ok(created.createBuffer! > 0 && created.createBindGroup! > 0, 'the counters count');
  device.gpu.destroy();
});

test('a run in many submits gives the same bits, and creates nothing either', async () => {
  const device = await testDevice();
  const weights = resnetWeights(device);
  const whole = await openFamily(device, stage, weights);
  const { plan: made } = whole;
  const dispatches = made.dispatches.map((each) => ({ ...each, flops: 1e12 }));
  const target = { ...made.target, family: 'integrated' as const };
  const parted = await open(device, { ...made, dispatches, target }, weights);
  const { stage1: want } = await whole.run({ x });
  await parted.run({ x });
  const created = countCalls(device.gpu, ...creators);
  const queued = countCalls(device.gpu.queue, 'submit');
  const runs = [parted.run({ x: x.map((v) => -v) }), parted.run({ x })];
  assert.equal((await runs[1])!.stage1!.data, want!.data);
  await Promise.all(runs);
  assert.equal(queued, { submit: 2 * dispatches.length });
  const staging = { createBuffer: made.outputs.length }; // of the second run in flight
  assert.equal(created, { ...Object.fromEntries(creators.map((name) => [name, 0])), ...staging });
  for (const session of [whole, parted]) session.close();
  weights.destroy();
});

test('100 runs give the same bits', async () => {
  const device = await testDevice();
  const weights = resnetWeights(device);
  const session = await openFamily(device, stage, weights);
  const words = async () => new Uint32Array((await session.run({ x })).stage1!.data.buffer);
  const first = await words();
  assert.ok(new Set(first).size > 1000);
  for (let i = 1; i < 100; i++) {
    const next = await words();
    assert.ok(
      next.every((word, at) => word === first[at]),
      `run ${i} differs`,
    );
  }
  session.close();
  weights.destroy();
});

test.run();
