import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backward } from '../../src/graph/gradients/backward.ts';
import { input } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { checkGradients } from '../harness/gradient.ts';

test('add: gradients of a sum in which one summand stands twice', () =>
  checkGradients({
    inputs: { a: { shape: [2, 5] }, b: { shape: [2, 5] } },
    build: ({ a, b }) => add('y', add('a+b', a!, b!), a!),
    forward: ({ a, b }) => a!.map((value, i) => 2 * value + b![i]!),
  }));

test('backward: refuses a loss that is no scalar and what it does not depend on, in one line', () => {
  const [x, z] = [input('x', [1]), input('z', [1])];
  assert.throws(() => backward(input('loss', [2]), [x]), /^backward: shape of loss, got \(2\), expected \(1\)/);
  assert.throws(() => backward(add('loss', x, x), [z]), /^backward: loss does not depend on z/);
});

test.run();
