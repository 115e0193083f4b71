// Plans of precision f16 without a GPU: which values are stored as f16, what they weigh, and what stays f32.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { halfValues } from '../../src/graph/half.ts';
import { input, type Node, parameter } from '../../src/graph/node.ts';
import { batchNorm } from '../../src/graph/ops/batchNorm.ts';
import { conv2d } from '../../src/graph/ops/conv2d.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { globalAveragePool } from '../../src/graph/ops/globalPool.ts';
import { type Plan, plan } from '../../src/graph/plan.ts';
import { printPlan } from '../../src/graph/print.ts';
import { defaultTarget, type Family } from '../../src/graph/target.ts';
import { trainingPlans } from '../../src/train/plans.ts';
import { configOf } from '../harness/configs.ts';
import { classifier } from '../harness/hashedResnet.ts';

const target = (precision: 'f32' | 'f16', family: Family = 'software') => ({ ...defaultTarget(family), precision });

function convolution(name: string, x: Node, k: number): Node {
  const w = filtersLast(parameter(`${name}.w`, [k, x.shape[3]!, 1, 1]));
  return conv2d(name, x, w, parameter(`${name}.scale`, [k]), parameter(`${name}.shift`, [k]));
}

/** `f16` or `f32` at each binding of a dispatch. */
function types(made: Plan, name: string): Record<string, string> {
  const { kernel, half } = [...made.dispatches, ...made.setup].find((dispatch) => dispatch.name === name)!;
  return Object.fromEntries(
    kernel.shader.bindings
      .filter(({ access }) => access !== 'uniform')
      .map((binding) => [binding.name, half.includes(binding.name) ? 'f16' : 'f32']),
  );
}

const x = input('x', [1, 4, 4, 8]);
const first = convolution('first', x, 12);
const second = convolution('second', first, 8);

test('what is fed, read and uploaded stays f32; what lies between is f16', () => {
  const made = plan({ second }, target('f16'));
  const bare = { scale: 'f32', shift: 'f32', residual: 'f32' };
  assert.equal(types(made, 'first'), { ...bare, x: 'f32', w: 'f16', y: 'f16' });
  assert.equal(types(made, 'second'), { ...bare, x: 'f16', w: 'f16', y: 'f32' });
  assert.equal(types(made, 'first.w/filtersLast'), { x: 'f32', y: 'f16' });
  assert.equal(halfValues([], [second]).size, 0);
});

test('a value that is an output too stays f32', () => {
  const made = plan({ first, second }, target('f16'));
  assert.is(types(made, 'first').y, 'f32');
  assert.is(types(made, 'second').x, 'f32');
});

test('one reader without f16 keeps a value f32 for all', () => {
  const parameters = { gamma: 'gamma', beta: 'beta', mean: 'mean', variance: 'variance' };
  const [gamma, beta, mean, variance] = Object.values(parameters).map((name) => parameter(name, [12]));
  const statistics = { gamma: gamma!, beta: beta!, mean: mean!, variance: variance! };
  const normed = batchNorm('norm', first, statistics, { eps: 1e-5 });
  const made = plan({ second, pooled: globalAveragePool('pooled', normed) }, target('f16'));
  assert.is(types(made, 'first').y, 'f32');
  assert.is(types(made, 'second').x, 'f32');
  assert.equal(types(made, 'pooled'), { x: 'f32', y: 'f32' });
});

test('sizes halve, and those of constants say so in their name', () => {
  const [full, half] = (['f32', 'f16'] as const).map((precision) => plan({ second }, target(precision)));
  const bytes = (made: Plan, label: string) => made.buffers.find((buffer) => buffer.label === label)?.bytes;
  assert.is(bytes(full!, 'first.w/filtersLast'), 4 * 8 * 12);
  assert.is(bytes(half!, 'first.w/filtersLast:f16'), 2 * 8 * 12);
  assert.is(bytes(half!, 'first.w/filtersLast'), undefined);
  const moved = (made: Plan) => made.dispatches.find(({ name }) => name === 'second')!.bytes;
  assert.is(moved(full!), 4 * (16 * 12 + 12 * 8 + 8 + 8 + 16 * 8));
  assert.is(moved(half!), 2 * (16 * 12 + 12 * 8) + 4 * (8 + 8 + 16 * 8));
  assert.match(printPlan(half!), /#\d+:f16 first|first\.w\/filtersLast:f16/);
  assert.not.match(printPlan(full!), /f16/);
});

test('f16 values end on 16 bytes, so that an unused binding of any type can share their buffer', () => {
  const tiny = convolution('tiny', convolution('before', input('x', [1, 1, 1, 4]), 4), 4);
  const made = plan({ tiny }, target('f16'));
  for (const { label, bytes } of made.buffers) assert.is(bytes % 16, 0, label);
});

/** On GPUs the partial sums of sliced convolutions stay f32, and decide how large the largest slots are. */
const most = { software: 0.55, discrete: 0.8 };
for (const family of ['software', 'discrete'] as const) {
  test(`ResNet50 at 224, ${family}: memory of f16 against f32`, () => {
    const outputs = classifier([1, 224, 224, 3], { variant: 'v1.5', eps: 1e-5 });
    // Without Winograd, whose products stay f32.
    const choices = Object.fromEntries(plan(outputs, target('f32', family)).forms.map(({ key }) => [key, 'direct']));
    const [full, half] = (['f32', 'f16'] as const).map((precision) =>
      plan(outputs, { ...target(precision, family), choices }),
    );
    const ratio = (what: 'activationBytes' | 'constantBytes') => half![what] / full![what];
    assert.ok(Math.abs(ratio('constantBytes') - 0.5) < 0.002, `constants ${ratio('constantBytes')}`);
    assert.ok(ratio('activationBytes') < most[family], `activations ${ratio('activationBytes')}`);
    assert.is(half!.dispatches.length, full!.dispatches.length);
  });
}

for (const family of ['software', 'discrete'] as const) {
  test(`training, ${family}: what the forward pass leaves is f16; gradients, weights and statistics are f32`, () => {
    const config = configOf('tiny', 5);
    const [full, half] = (['f32', 'f16'] as const).map((precision) => {
      return trainingPlans(config, { batch: 4 }, target(precision, family)).step;
    });
    const weights = { statistics: 'f32', gamma: 'f32', beta: 'f32' };
    const norm = 'backbone.layer1.0.bn3';
    assert.equal(types(half!, norm), { ...weights, x: 'f16', residual: 'f16', y: 'f16' });
    const { dy, x, y, dx } = types(half!, `${norm}/dx`);
    assert.equal({ dy, x, y, dx }, { dy: 'f32', x: 'f16', y: 'f32', dx: 'f32' }); // y is not read: /g has it
    assert.is(types(half!, `${norm}/g`).y, 'f16');
    for (const { name, kernel, half: stored } of half!.dispatches) {
      const written = kernel.shader.bindings.filter(({ access }) => access === 'write').map((binding) => binding.name);
      if (/\/(d|g$|sums|sgd|running)/.test(name))
        assert.not.ok(
          written.some((each) => stored.includes(each)),
          name,
        );
    }
    assert.is(half!.stateBytes, full!.stateBytes);
    const ratio = half!.activationBytes / full!.activationBytes;
    console.log(`training of tiny in f16, ${family}: ${(100 * ratio).toFixed(0)} % of the values' memory`);
    assert.ok(ratio < 0.8, `${ratio}`); // gradients and the materialised attentions' products are the rest
  });
}

test.run();
