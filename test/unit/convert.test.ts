// `plumage weights convert`: how a file gets its configuration.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configure } from '../../src/cli/weights.ts';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { elementCount } from '../../src/graph/node.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { configOf, plainOf } from '../harness/configs.ts';
import { refused } from '../harness/refused.ts';

const zeros = (config: ModelConfig): Map<string, Tensor> => {
  const shapes = expectedParameters(modelGraph(config, [1, 32, 32, 3]));
  return new Map([...shapes].map(([name, shape]) => [name, { shape, data: new Float32Array(elementCount(shape)) }]));
};
const configIn = (file: { metadata: Record<string, string> }): unknown => JSON.parse(file.metadata.plumage!);

const tiny = configOf('tiny', 4);
const bare = { tensors: zeros(tiny), metadata: {} };
const plain = plainOf(4);
const named = { tensors: zeros(plain), metadata: { plumage: JSON.stringify(plain) } };

test("Plumage's network from elsewhere: the preset is told, variant, eps and preprocessing may be", () => {
  assert.equal(configIn(configure(bare, 'b.pth', { preset: 'tiny' }, tiny.classes)), tiny);
  const keras = { variant: 'v1', eps: 1e-3, preprocessing: 'keras' } as const;
  assert.equal(configIn(configure(bare, 'b.pth', { preset: 'tiny', ...keras }, tiny.classes)), { ...tiny, ...keras });
});

test('options and class names replace what a file says', () => {
  const classes = ['a', 'b', 'c', 'd'];
  assert.equal(configIn(configure(named, 'p', { eps: 1e-4 }, classes)), { ...plain, eps: 1e-4, classes });
});

test('refused: another preset, no class names or too few, a preset for a file that says what it is', () => {
  refused(
    () => configure(bare, 'b', { preset: 'lite' }, tiny.classes),
    'weights',
    /^b: the tensors do not fit .*wrong shape/,
  );
  refused(() => configure(bare, 'b', { preset: 'tiny' }), 'weights', /^b: configuration: classes, got nothing/);
  refused(
    () => configure(bare, 'b', { preset: 'tiny' }, ['a', 'b']),
    'weights',
    /class names, got 2, expected 4, one for/,
  );
  refused(() => configure(named, 'p', {}, ['a']), 'weights', /class names, got 1, expected 4/);
  refused(
    () => configure(named, 'p', { preset: 'plain' }),
    'input',
    /^--preset: network, got plain, expected none: the file/,
  );
  refused(() => configure(bare, 'b', {}, tiny.classes), 'weights', /metadata key plumage, got nothing/);
});

test.run();
