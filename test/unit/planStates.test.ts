// States and effects in plans: what is updated in place comes after all that read it, and takes no slot.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { call, input, type Node, type Op, state } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { add as addKernel } from '../../src/kernels/add.ts';

const knobs = { SIZE: 8, ACTIVATION: 0, WORKGROUP: 64 };

/** to = a + b, in place. */
const updateOp: Op = {
  name: 'update',
  lower({ inputs }) {
    const [to, a, b] = inputs as [Node, Node, Node];
    return [call(addKernel, knobs, { a, b, y: to })];
  },
};
const update = (name: string, inputs: readonly Node[]): Node => {
  return { op: updateOp, inputs, attributes: undefined, shape: [1], dtype: 'f32', name };
};

test('plan: an update comes right after the last that reads the state, and no earlier', () => {
  const [x, w, other] = [input('x', [8]), state('w', [8]), state('other', [8])];
  const first = add('first', x, w);
  const last = add('last', add('middle', first, x), w);
  const made = plan({ last }, defaultTarget(), [
    update('set w', [w, x, first]),
    update('set other', [other, x, first]),
  ]);
  assert.equal(
    made.dispatches.map(({ name }) => name),
    ['first', 'middle', 'last', 'set w', 'set other'],
  );
  const early = plan({}, defaultTarget(), [update('set other', [other, x, first]), update('set w', [w, last, x])]);
  assert.equal(
    early.dispatches.map(({ name }) => name),
    ['first', 'set other', 'middle', 'last', 'set w'],
  );
});

test('plan: states have buffers of their own that stay, whatever their readers', () => {
  const [x, w] = [input('x', [8]), state('w', [8], [1, 0])];
  const made = plan({ y: add('y', x, w) }, defaultTarget(), [update('set w', [w, x, x])]);
  assert.equal(made.states, [{ name: 'w', buffer: made.states[0]!.buffer, shape: [8], permutation: [1, 0] }]);
  assert.is(made.buffers[made.states[0]!.buffer]!.role, 'state');
  assert.is(made.stateBytes, 32);
  assert.is(made.setup.length, 0);
});

test('plan: refuses two updates of one state, and a plan of nothing', () => {
  const [x, w] = [input('x', [8]), state('w', [8])];
  const twice = [update('one', [w, x, x]), update('two', [w, x, x])];
  assert.throws(() => plan({}, defaultTarget(), twice), /^internal: plan: one and two update the same state/);
  assert.throws(() => plan({}, defaultTarget()), /^plan: no output asked for/);
});

test.run();
