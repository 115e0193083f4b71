// Engine.tune and kept choices: what a page's code sees. Nothing tunes unless it is called.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keepChoices, readChoices } from '../../src/engine/choices.ts';
import { Engine } from '../../src/engine/engine.ts';
import { tune } from '../../src/engine/tune.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { input } from '../../src/graph/node.ts';
import { buildModel, expectedParameters, type ModelConfig } from '../../src/model/config.ts';
import { countCalls } from '../harness/countCalls.ts';
import { freshDevice } from '../harness/device.ts';
import { hashedValues, hashedWeights } from '../harness/hashedWeights.ts';
import { rejected } from '../harness/refused.ts';

const config: ModelConfig = {
  model: 'plain',
  variant: 'v1.5',
  eps: 1e-5,
  preprocessing: 'torchvision',
  size: 32,
  classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
};
const shape = [1, 32, 32, 3];
const tensors = new Map(Object.entries(hashedWeights(expectedParameters(buildModel(config, input('x', shape))))));
const file = writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(config) } });
const x = { shape, data: hashedValues('x', 32 * 32 * 3, -2, 2) };
const fc = 'linear 1x2048x10';
const inPage = 'indexedDB' in globalThis;

test('choices of a device stand in its plans; tune adds to them, keeps them, and the next run uses them', async () => {
  const device = { ...(await freshDevice({ choices: { [fc]: '64x1' } })), adapterKey: 'engineTune' };
  const engine = new Engine(device);
  const model = await engine.load(file);
  const formOfFc = () => model.plan().forms.find(({ key }) => key === fc)?.form;
  assert.is(formOfFc(), '64x1');
  const before = (await model.run(x)).logits!;
  const counts = countCalls(device.gpu, 'createQuerySet', 'createBindGroup');
  await model.run(x);
  await model.classify({ width: 32, height: 32, data: new Uint8Array(4 * 32 * 32) });
  assert.is(counts.createQuerySet, 0, 'nothing is timed unasked');

  const result = await tune(engine, model, { budgetMilliseconds: 1500 });
  assert.is(result.choices[fc], '64x1', 'what is known stays');
  assert.not(result.measured.some(({ key }) => key === fc));
  assert.is(device.target.choices, result.choices);
  assert.equal(await readChoices('engineTune'), inPage ? result.choices : undefined);

  device.target = { ...device.target, choices: { ...result.choices, [fc]: '4x1' } };
  assert.is(formOfFc(), '4x1');
  const made = counts.createBindGroup!;
  const after = (await model.run(x)).logits!;
  assert.ok(counts.createBindGroup! > made, 'a new session has taken the place of the one before');
  const largest = Math.max(...before.data.map(Math.abs));
  const difference = Math.max(...before.data.map((value, i) => Math.abs(value - after.data[i]!)));
  assert.ok(difference <= 2e-5 * largest, `difference, got ${difference} of ${largest}`);
  engine.dispose();
});

test('kept choices are those of one adapter and of these kernels', async () => {
  await keepChoices('some', { conv: 'a' });
  await keepChoices('other', { conv: 'b' });
  assert.equal(await readChoices('some'), inPage ? { conv: 'a' } : undefined);
  assert.is(await readChoices('nothing'), undefined);
});

test('tune refuses sizes that the network cannot take', async () => {
  const engine = new Engine(await freshDevice());
  await rejected(tune(engine, { config }, { size: 31 }), 'input', /size of x, got \(31, 31\), expected at least 32/);
  engine.dispose();
});

test.run();
