// Plumage's network as a graph: names and shapes of its parameters against the twin's (test/fixtures/
// makeFinegrainedGoldens.py), their counts, its outputs, and what a plan costs with and without the attention maps.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { factsText, modelFacts } from '../../src/cli/info.ts';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { elementCount, reachable, type Shape } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { expectedParameters, type ModelConfig, type PlumageConfig } from '../../src/model/config.ts';
import { maps } from '../../src/model/finegrained.ts';
import { presets } from '../../src/model/presets.ts';
import names from '../fixtures/goldens/finegrainedNames.json';
import { configOf, plainOf } from '../harness/configs.ts';
import { refused } from '../harness/refused.ts';

const smallest = [1, 32, 32, 3];
const plain = plainOf(200);
const shapesOf = (config: ModelConfig) => Object.fromEntries(expectedParameters(modelGraph(config, smallest)));
const sorted = (shapes: Record<string, Shape>) => Object.entries(shapes).sort(([a], [b]) => (a < b ? -1 : 1));
const golden = names as unknown as Record<string, Record<string, Shape>>;
const backbone = Object.fromEntries(Object.entries(golden.plain!).filter(([name]) => !name.includes('.fc.')));

test('names and shapes of the presets are those of the twin', () => {
  assert.equal(sorted(shapesOf(plain)), sorted(golden.plain!));
  for (const preset of ['paper', 'lite', 'tiny'] as const) {
    assert.equal(sorted(shapesOf(configOf(preset, 200))), sorted({ ...backbone, ...golden[preset]! }), preset);
  }
});

const options = Object.keys(names).filter((key) => key.startsWith('{'));

test('names and shapes with each option are those of the twin', () => {
  assert.ok(options.length > 10);
  for (const key of options) {
    const { less, more } = golden[key] as unknown as { less: string[]; more: Record<string, Shape> };
    const want = Object.entries({ ...backbone, ...golden.tiny!, ...more }).filter(([name]) => !less.includes(name));
    const config = configOf('tiny', 200, JSON.parse(key) as Partial<PlumageConfig>);
    assert.equal(sorted(shapesOf(config)), sorted(Object.fromEntries(want)), key);
  }
});

/** Without running statistics. */
function trained(config: ModelConfig): { count: number; scalars: number } {
  let [count, scalars] = [0, 0];
  for (const [name, shape] of Object.entries(shapesOf(config))) {
    if (name === 'clca.gamma' || name === 'cga.beta') scalars += elementCount(shape);
    else if (!/running_(mean|var)$/.test(name)) count += elementCount(shape);
  }
  return { count, scalars };
}

test('parameter counts at 200 classes', () => {
  assert.equal(trained(configOf('paper', 200)), { count: 44_655_456, scalars: 4 });
  assert.equal(trained(configOf('lite', 200)), { count: 30_357_856, scalars: 4 });
  assert.equal(trained(plainOf(1000)), { count: 25_557_032, scalars: 0 });
});

test('what `plumage info` says: parameters, and multiply-adds at 448', () => {
  for (const [preset, parameters, giga] of [
    ['paper', 44_655_460, 46.9],
    ['lite', 30_357_860, 26.2],
  ] as const) {
    const facts = modelFacts(configOf(preset, 200));
    assert.is(facts.parameters, parameters);
    assert.ok(Math.abs(facts.macs / 1e9 - giga) < 0.06, `${preset}: ${facts.macs / 1e9} G`);
    const text = factsText(facts);
    assert.match(text, /model +plumage ResNet50 v1\.5, 200 classes, torchvision preprocessing, eps 0\.00001/);
    assert.match(text, new RegExp(`network +mid ${presets[preset].mid}, d ${presets[preset].d}, .*hidden 512\n`));
  }
});

const usual = ['logits1', 'logits2', 'logits3', 'logitsCat', 'combined', 'pooled1', 'pooled2', 'pooled3'];

test('outputs: the maps only where they are asked for', () => {
  const config = configOf('lite', 20);
  const graph = modelGraph(config, [2, 225, 301, 3]);
  assert.equal(Object.keys(graph), usual);
  const shapes = Object.fromEntries(Object.entries(graph).map(([name, { shape }]) => [name, shape.join()]));
  assert.is(shapes.combined, '2,20');
  assert.is(shapes.logitsCat, '2,20');
  assert.is(shapes.pooled3, '2,512');
  const wanted = modelGraph(config, [2, 225, 301, 3], ['attention1', 'attention2', 'attention3', 'channelAttention']);
  assert.equal(
    Object.values(wanted).map(({ shape }) => shape.join()),
    ['2,29,38', '2,15,19', '2,8,10', '2,32,64,64'],
  );
});

test('outputs that the model does not have are refused', () => {
  const none = configOf('tiny', 5, { attention: 'none' });
  refused(
    () => modelGraph(none, smallest, ['attention1']),
    'input',
    /output, got attention1, expected one of logits1, /,
  );
  refused(() => modelGraph(none, smallest, ['toString']), 'input', /output, got toString/);
  refused(
    () => modelGraph(plain, smallest, ['combined']),
    'input',
    /output, got combined, expected one of logits, pooled, layer4$/,
  );
  refused(
    () => modelGraph(configOf('tiny', 5, { attention: 'clca' }), smallest, ['channelAttention']),
    'input',
    /got channelAttention/,
  );
});

test('images that are too small for the stages are refused', () => {
  const line = /^backbone: size of x, got \(31, 64\), expected at least 32 x 32$/;
  for (const config of [configOf('tiny', 5), plain]) refused(() => modelGraph(config, [1, 31, 64, 3]), 'input', line);
});

test('maps cost nothing where they are not asked for', () => {
  const config = configOf('tiny', 5);
  const dispatches = (wanted?: string[]) =>
    plan(modelGraph(config, [1, 64, 64, 3], wanted), defaultTarget()).dispatches.map(({ name }) => name);
  const without = dispatches();
  const all = dispatches([...usual, ...maps]);
  assert.ok(without.length < all.length);
  assert.equal(
    without.filter((name) => !all.includes(name)),
    [],
  );
  assert.equal(
    without.filter((name) => /clca\.(attention|weights)/.test(name)),
    [],
  );
});

test('attention none is the network without attention', () => {
  const nodes = reachable(Object.values(modelGraph(configOf('tiny', 5, { attention: 'none' }), smallest)));
  assert.equal(
    nodes.filter(({ name }) => /clca|cga/.test(name)),
    [],
  );
});

test.run();
