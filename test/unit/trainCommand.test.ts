// `plumage train` where it needs no GPU: what it refuses before it opens an adapter, the dry run, and the batches of a run.

import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunConfig } from '../../src/cli/runFolder.ts';
import { trainingData } from '../../src/cli/trainData.ts';
import { trainingCrop } from '../../src/data/augment.ts';
import { preprocessConfig } from '../../src/engine/photoPlan.ts';
import { random } from '../../src/model/random.ts';
import { openDataset } from '../../src/node/datasets/dataset.ts';
import { orderOf } from '../../src/train/epoch.ts';
import { defaults } from '../../src/train/recipe.ts';
import { configOf, plainOf } from '../harness/configs.ts';
import { put } from '../harness/datasets.ts';
import { command, refuses, start } from '../harness/trainCommand.ts';
import { trainPlace, writeNewModel } from '../harness/trainFiles.ts';

const { folder, classes, photos, model, run, asked, remove } = await trainPlace();
test.after(remove);

test('what cannot be trained is refused before an adapter is opened', async () => {
  const data = (where: string) => ['--data', where, '--dataset', 'folder', '--out', run('refused')];
  const plain = await writeNewModel(join(folder, 'plain.safetensors'), plainOf(4, { size: 64 }));
  const lonely = join(folder, 'lonely');
  for (const name of classes.slice(0, 2)) await put(join(lonely, 'train', name, '1.jpg'), 'no photo');
  await mkdir(join(lonely, 'train', classes[2]!));
  await Promise.all([
    refuses(/train: --data, got nothing, expected the data set's folder/, '--out', run('refused'), '--model', model),
    refuses(/train: key, got "rate", expected one of epochs/, ...asked('refused'), '--set', 'rate=1'),
    refuses(/batch, got 16, expected at most the 7 training images/, ...asked('refused')),
    refuses(
      /has 3 classes, .*plain.safetensors has 4: "class 3" is none of the data set/,
      ...data(photos),
      '--model',
      plain,
    ),
    refuses(/is no attention|plain network has none/, ...data(photos), '--model', plain, '--attention', 'cga'),
    refuses(/"class 2"/, ...data(lonely), '--model', model, '--batch', '2'),
    refuses(/\/proc\/plumage: cannot be written/, ...asked('x').slice(0, -1), '/proc/plumage', '--batch', '3'),
  ]);
  assert.is(await stat(run('refused')).catch(() => undefined), undefined);
});

test('--dry-run needs no GPU and writes nothing', async () => {
  const args = [...asked('dry').slice(0, 6), '--dry-run', '--batch', '3'];
  const { code, out } = await start(...args).outcome;
  assert.is(code, 0);
  for (const line of [
    /planned peak +\d+/,
    /largest buffer +[\d.]+ MiB/,
    /steps +2 an epoch, 400 in 200 epochs/,
    /assumed 2000 GFLOP\/s/,
  ])
    assert.match(out, line);
  const without = ['--model', model, '--dry-run', '--images', '5994', '--json'];
  assert.equal(JSON.parse((await start(...without).outcome).out).amount, { train: 5994, steps: 374 });
  const json = JSON.parse((await start(...args, '--json', '--gflops', '100').outcome).out);
  assert.is(json.gflops, 100);
  assert.ok(Math.abs(json.secondsPerStep - json.cost.flops / 100e9) < 1e-12);
});

test('data batches: the images of every step as the run sees them', async () => {
  const recipe = { ...defaults, epochs: 2, batch: 3, seed: 5 };
  const network = configOf('tiny', 3);
  const asWritten: RunConfig = { plumage: '0', data: photos, dataset: 'folder', model, recipe, network };
  await put(join(run('batches'), 'config.json'), JSON.stringify(asWritten));
  const { code, out } = await command('data', 'batches', run('batches')).outcome;
  assert.is(code, 0);
  const lines = out.trimEnd().split('\n');
  const steps = lines.map((line) => JSON.parse(line));
  assert.equal(
    steps.map(({ epoch, step }) => [epoch, step]),
    [0, 0, 1, 1].map((epoch, i) => [epoch, i + 1]),
  );
  assert.ok(Math.abs(steps[2].lr - (recipe.lr / 2) * (3 / 16)) < 1e-12);
  const { train } = trainingData(await openDataset('folder', photos), recipe, classes, model);
  for (const epoch of [0, 1]) {
    const seen = steps.filter((each) => each.epoch === epoch).flatMap(({ images }) => images);
    const order = [...orderOf(recipe, epoch, train.length)].slice(0, 6);
    for (const [i, index] of order.entries()) {
      const { file, label } = train[index]!;
      const crop = trainingCrop(random(`5/crop/${epoch}/${index}`), preprocessConfig(network));
      assert.equal(seen[i], { file, label, ...crop });
    }
  }
  const none = await command('data', 'batches', run('nothing')).outcome;
  assert.match(none.err, /nothing: is no run, config.json is missing/);
  assert.is(none.code, 1);
});

test.run();
