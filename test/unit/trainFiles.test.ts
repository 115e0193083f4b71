// What a run leaves in files: metrics and their page, checkpoints that are none, other networks than a run began with.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { curvesOf } from '../../src/cli/curves.ts';
import { type RunConfig, RunFolder } from '../../src/cli/runFolder.ts';
import { checkSameNetwork, initialModel } from '../../src/cli/trainModel.ts';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { initialValues } from '../../src/model/initialise.ts';
import { curvesPage } from '../../src/report/curves.ts';
import { thin, ticks } from '../../src/report/lines.ts';
import { fingerprintOf, readCheckpoint } from '../../src/train/checkpoint.ts';
import { eventLine, eventsBefore, readEvents, type TrainingEvent } from '../../src/train/events.ts';
import { checkRecipe } from '../../src/train/recipe.ts';
import { configOf, plainOf } from '../harness/configs.ts';
import { refused, rejected } from '../harness/refused.ts';

const shares = { loss: 2, accuracy: 0.5, lr: 0.002, backboneLr: 0.0002, imagesPerSecond: 3, waited: 0.01 };
const events: readonly TrainingEvent[] = [
  { kind: 'run', time: '2026-01-01', epochs: 3, stepsPerEpoch: 2, images: 9, adapter: 'a <GPU>' },
  { kind: 'step', epoch: 0, step: 1, ...shares },
  { kind: 'step', epoch: 0, step: 2, ...shares },
  { kind: 'epoch', epoch: 0, step: 2, ...shares, seconds: 3, skipped: 0 },
  { kind: 'evaluation', epoch: 1, step: 2, of: 'held', images: 4, top1: 0.75, concat: 0.5 },
  { kind: 'step', epoch: 1, step: 3, ...shares },
  { kind: 'evaluation', epoch: 3, step: 6, of: 'test', images: 4, top1: 0.25, concat: 0.5, final: true },
  { kind: 'end', time: '2026-01-02' },
];

test('lines of metrics come back; a last line that was cut off is left out', () => {
  const text = events.map(eventLine).join('');
  assert.equal(readEvents(text), events);
  assert.equal(readEvents(text.slice(0, -9)), events.slice(0, -1));
  assert.equal(readEvents('{"kind":"other"}\n3\n\n'), []);
});

test('where a run goes on, what came after the checkpoint is forgotten', () => {
  assert.equal(eventsBefore(events, { step: 2, evaluated: 1 }), events.slice(0, 5));
  assert.equal(eventsBefore(events, { step: 2, evaluated: 0 }), events.slice(0, 4));
  assert.equal(eventsBefore(events, { step: 6, evaluated: 1 }), events.slice(0, 6));
});

const config = {
  plumage: '0.0.0',
  data: '/data',
  dataset: 'folder',
  model: 'init.safetensors',
  recipe: checkRecipe({ epochs: 3 }),
  network: configOf('tiny', 3),
} as const;

test('the page has the curves, escapes names, loads nothing, and follows a run until it ends', () => {
  const ended = curvesPage(curvesOf('birds & <co>', config, events));
  assert.match(ended, /<h1>birds &amp; &lt;co&gt;, trained<\/h1>/);
  assert.match(ended, 'a &lt;GPU&gt;');
  assert.match(ended, /25 %<\/b><span>of the test images right/);
  assert.not.match(ended, 'http-equiv="refresh"');
  assert.not.match(ended, /<script|(src|href)=/);
  for (const title of ['Loss', 'Accuracy', 'Learning rate', 'Speed']) assert.match(ended, `<h3>${title}</h3>`);
  const going = curvesPage(curvesOf('birds', config, events.slice(0, 6)));
  assert.match(going, /<h1>birds, epoch 2 of 3<\/h1>/);
  assert.match(going, 'http-equiv="refresh"');
  assert.not.match(going, 'NaN');
});

test('a run without a step has a page', () => {
  assert.match(curvesPage(curvesOf('birds', config, [])), 'No step is done yet');
});

test('axes have round ticks; long lines are thinned to means', () => {
  assert.equal(ticks(0, 1, 4), [0, 0.5, 1]);
  assert.equal(ticks(0.3, 9.7, 4), [5]);
  assert.equal(ticks(0, 0.002, 4), [0, 0.0005, 0.001, 0.0015, 0.002]);
  assert.equal(ticks(3, 3, 4), [3]);
  const points = Array.from({ length: 10 }, (_, i): [number, number] => [i, i]);
  assert.equal(thin(points, 5), [
    [1, 0.5],
    [3, 2.5],
    [5, 4.5],
    [7, 6.5],
    [9, 8.5],
  ]);
  assert.equal(thin(points, 10), points);
});

test('an ordinary weights file is no checkpoint', () => {
  const bytes = writeSafetensors({ tensors: new Map(), metadata: { plumage: JSON.stringify(config.network) } });
  refused(() => readCheckpoint(bytes, 'x.safetensors'), 'weights', /x.safetensors: metadata key training, got nothing/);
});

test('lists of images are told apart by names, labels and order, not by where they lie', () => {
  const list = (root: string, labels: readonly number[]) =>
    labels.map((label, i) => ({ file: `${root}/train/${i}.jpg`, label }));
  const first = fingerprintOf(list('/a', [0, 1, 2]), '/a');
  assert.is(fingerprintOf(list('/b/c', [0, 1, 2]), '/b/c'), first);
  assert.is.not(fingerprintOf(list('/a', [0, 2, 1]), '/a'), first);
  assert.is.not(fingerprintOf(list('/a', [0, 1]), '/a'), first);
});

function fileOf(network: typeof config.network) {
  const tensors = initialValues(expectedParameters(modelGraph(network, [1, 64, 64, 3])), 1);
  return { tensors, metadata: { plumage: JSON.stringify(network) } };
}

test('the recipe can take attentions away and add new ones', () => {
  const both = initialModel(fileOf(config.network), 'init', checkRecipe({}));
  assert.ok(both.tensors.has('cga.beta') && both.tensors.has('clca.12.u.weight'));
  const file = fileOf(configOf('tiny', 3, { attention: 'none' }) as typeof config.network);
  const none = initialModel(file, 'init', checkRecipe({}));
  assert.not.ok([...none.tensors.keys()].some((name) => /^(clca|cga)/.test(name)));
  const added = initialModel(file, 'init', checkRecipe({ attention: 'both' }));
  assert.equal([...added.tensors.keys()].sort(), [...both.tensors.keys()].sort());
  assert.is(added.config.model === 'plumage' && added.config.attention, 'both');
  const taken = initialModel(fileOf(config.network), 'init', checkRecipe({ attention: 'cga' }));
  assert.not.ok(taken.tensors.has('clca.gamma'));
});

test('a run goes on with its own network only', () => {
  checkSameNetwork(config.network, { ...config.network }, 'runs/x');
  const other = configOf('tiny', 3, { r: 32 });
  refused(
    () => checkSameNetwork(other, config.network, 'runs/x'),
    'input',
    /^runs\/x: the run's model has r 16, --model has r 32|has 32/,
  );
  refused(
    () => checkSameNetwork(plainOf(3), config.network, 'runs/x'),
    'input',
    /model "plumage", --model has "plain"/,
  );
});

test('what a killed process left half-written goes when the next one comes', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'plumage-run-'));
  const left = ['features.bin.123.partial', 'checkpoint.safetensors.9.partial'];
  const kept = ['curves.html.7.partial', 'mine.partial', 'features.bin'];
  for (const name of [...left, ...kept]) await writeFile(path.join(place, name), '');
  const folder = new RunFolder(place);
  await folder.hold(new AbortController().signal, () => assert.unreachable());
  await folder.letGo();
  assert.equal(await readdir(place), [...kept].sort());
  await rm(place, { recursive: true });
});

test('one process at a time trains in a folder', async () => {
  const place = await mkdtemp(path.join(tmpdir(), 'plumage-run-'));
  const [first, second] = [new RunFolder(place), new RunFolder(place)];
  const never = new AbortController().signal;
  await first.hold(never, () => assert.unreachable());
  await first.hold(never, () => assert.unreachable()); // has it already
  const asked: string[] = [];
  await rejected(
    second.hold(AbortSignal.timeout(50), () => asked.push('in vain')),
    'aborted',
    /^train: stopped before it began$/,
  );
  await second.hold(never, () => {
    asked.push('again');
    void first.letGo();
  });
  assert.equal(asked, ['in vain', 'again']);
  second.checkNew();
  second.writeConfig({} as RunConfig);
  refused(() => second.checkNew(), 'input', /: there is a run already - add --resume/);
  await second.letGo();
  await rm(place, { recursive: true });
});

test.run();
