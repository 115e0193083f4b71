// What depends on weights only: computed once for all sessions of the same weights, with its sources gone afterwards.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Weights } from '../../src/gpu/constants.ts';
import { open } from '../../src/gpu/session.ts';
import { input, parameter } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { plan } from '../../src/graph/plan.ts';
import { liveBuffers } from '../harness/countCalls.ts';
import { freshDevice } from '../harness/device.ts';
import { noRoom } from '../harness/noRoom.ts';
import { rejected } from '../harness/refused.ts';

const values = (offset: number) => Float32Array.from({ length: 4 }, (_, i) => offset + i);
const file = {
  tensors: new Map(['a', 'b', 'c'].map((name, i) => [name, { shape: [4], data: values(10 ** i) }])),
  metadata: {},
};
const [a, b, c] = ['a', 'b', 'c'].map((name) => parameter(name, [4])) as [never, never, never];
const inner = add('inner', a, b);
const outer = add('outer', inner, c);
const graph = { y: add('y', input('x', [4]), outer) };
const expected = [0, 1, 2, 3].map((i) => 111 + 3 * i + 1000);

test('a plan tells what runs once from what runs every time', async () => {
  const device = await freshDevice();
  const made = plan(graph, device.target);
  assert.equal(
    made.setup.map((d) => d.name),
    ['inner', 'outer'],
  );
  assert.equal(
    made.dispatches.map((d) => d.name),
    ['y'],
  );
  const role = (label: string) => made.buffers.find((buffer) => buffer.label === label)?.role;
  assert.equal(['a', 'b', 'c', 'inner', 'outer'].map(role), ['source', 'source', 'source', 'source', 'constant']);
  assert.is(made.constantBytes, 16);
  device.gpu.destroy();
});

test('sessions that open at the same time share one setup; only its result stays', async () => {
  const device = await freshDevice();
  const made = plan(graph, device.target);
  const weights = new Weights(device, file, 'test');
  const live = liveBuffers(device.gpu);
  const sessions = await Promise.all([open(device, made, weights), open(device, made, weights)]);
  assert.equal(
    [...live].map((label) => label.replace(/^\d+ /, '')).filter((label) => !/^slot|params/.test(label)),
    ['outer'],
  );
  assert.is(weights.bytes, 16);
  const feeds = { x: new Float32Array(4).fill(1000) };
  for (const session of [...sessions, await open(device, made, weights)]) {
    assert.equal([...(await session.run(feeds)).y!.data], expected);
  }
  assert.is(weights.bytes, 16);
  device.gpu.destroy();
});

test('a setup that fails leaves nothing behind and can be tried again', async () => {
  const device = await freshDevice();
  const made = plan(graph, device.target);
  const tensors = new Map([...file.tensors].slice(0, 2));
  const weights = new Weights(device, { tensors, metadata: {} }, 'test');
  const live = liveBuffers(device.gpu);
  await rejected(open(device, made, weights), 'weights', /^test: tensor c, got nothing/);
  assert.equal([...live], []);
  assert.is(weights.bytes, 0);
  tensors.set('c', file.tensors.get('c')!);
  const session = await open(device, made, weights);
  assert.equal([...(await session.run({ x: new Float32Array(4).fill(1000) })).y!.data], expected);
  device.gpu.destroy();
});

for (const label of ['slot 0', 'a', 'outer']) {
  test(`no memory for ${label}: nothing stays that seems filled, and the next session has it all`, async () => {
    const device = await freshDevice();
    const made = plan(graph, device.target);
    const weights = new Weights(device, file, 'test');
    const live = liveBuffers(device.gpu);
    let left = 1;
    noRoom(device.gpu, (each) => each === label && left-- > 0);
    const needs = /^open: out of GPU memory, the plan needs 0 MiB - use a smaller image$/;
    await rejected(open(device, made, weights), 'limit', needs);
    if (label === 'slot 0') weights.destroy();
    assert.equal([...live], []);
    const session = await open(device, made, weights);
    assert.equal([...(await session.run({ x: new Float32Array(4).fill(1000) })).y!.data], expected);
    device.gpu.destroy();
  });
}

test('sessions that open at the same time: each gets the errors of its own', async () => {
  const device = await freshDevice();
  const made = plan(graph, device.target);
  let left = 1;
  noRoom(device.gpu, (label) => label === 'slot 0' && left-- > 0);
  const [first, second] = [0, 1].map(() => open(device, made, new Weights(device, file, 'test')));
  const other = second!.then((session) => session.run({ x: new Float32Array(4).fill(1000) }));
  await Promise.all([rejected(first!, 'limit'), other]);
  assert.equal([...(await other).y!.data], expected);
  device.gpu.destroy();
});

test('an output that depends on weights only is there without a dispatch', async () => {
  const device = await freshDevice();
  const session = await open(device, plan({ outer }, device.target), new Weights(device, file, 'test'));
  assert.equal([...(await session.run({})).outer!.data], [111, 114, 117, 120]);
  device.gpu.destroy();
});

test.run();
