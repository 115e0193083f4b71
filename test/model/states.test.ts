// States on a device: sessions that share them, in-place updates from run to run, reading and writing.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '../../src/gpu/session.ts';
import { States } from '../../src/gpu/states.ts';
import { call, input, type Node, type Op, state } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { plan } from '../../src/graph/plan.ts';
import { add as addKernel } from '../../src/kernels/add.ts';
import { testDevice } from '../harness/device.ts';
import { randomValues } from '../harness/random.ts';

/** to = a + b, in place. */
const updateOp: Op = {
  name: 'update',
  lower({ inputs }) {
    const [to, a, b] = inputs as [Node, Node, Node];
    return [call(addKernel, { SIZE: to.shape[0]!, ACTIVATION: 0, WORKGROUP: 64 }, { a, b, y: to })];
  },
};

test('states: runs see what earlier runs, other sessions and the caller left', async () => {
  const device = await testDevice();
  const states = new States(device);
  const [x, w] = [input('x', [4]), state('w', [4])];
  const sum = add('w + x', w, x);
  const effect: Node = {
    op: updateOp,
    inputs: [w, sum, x],
    attributes: undefined,
    shape: [1],
    dtype: 'f32',
    name: 'set',
  };
  const training = await open(device, plan({ sum }, device.target, [effect]), undefined, states);
  const reading = await open(device, plan({ y: add('y', w, x) }, device.target), undefined, states);
  states.write('w', Float32Array.of(1, 2, 3, 4));
  const ones = new Float32Array(4).fill(1);
  const first = await training.run({ x: ones });
  assert.equal([...first.sum!.data], [2, 3, 4, 5]);
  await training.run({ x: ones });
  assert.equal([...(await states.read('w'))], [5, 6, 7, 8]);
  assert.equal([...(await reading.run({ x: ones })).y!.data], [6, 7, 8, 9]);
  training.close();
  assert.equal([...(await states.read('w'))], [5, 6, 7, 8], 'a session does not own states');
  reading.close();
  states.destroy();
});

test('states: large ones are read piece by piece', async () => {
  const device = await testDevice();
  const states = new States(device);
  const length = 5 * 2 ** 20 + 4;
  const w = state('w', [length]);
  const session = await open(device, plan({ y: add('y', w, w) }, device.target), undefined, states);
  const values = randomValues(length, 1);
  states.write('w', values);
  assert.equal(await states.read('w'), values);
  session.close();
  states.destroy();
});

test('states: unknown names and wrong sizes are refused in one line', async () => {
  const device = await testDevice();
  const states = new States(device);
  const wants = plan({ y: add('y', state('w', [4]), input('x', [4])) }, device.target);
  let message = '';
  await open(device, wants).catch((error: Error) => {
    message = error.message;
  });
  assert.match(message, /^internal: open: states for w, got none, expected a States object/);
  const session = await open(device, wants, undefined, states);
  assert.throws(() => states.write('v', new Float32Array(4)), /^internal: state v: unknown/);
  assert.throws(() => states.write('w', new Float32Array(9)), /^internal: state w: values, got 9, expected 4/);
  session.close();
  states.destroy();
});

test.run();
