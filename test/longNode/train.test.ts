// `plumage train` on SwiftShader from its start to its end; stopped and killed and gone on with to the same bits.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readWeights } from '../../src/formats/weights.ts';
import { readCheckpoint } from '../../src/train/checkpoint.ts';
import { readEvents } from '../../src/train/events.ts';
import { configOf } from '../harness/configs.ts';
import { type Outcome, refuses, start } from '../harness/trainCommand.ts';
import { trainPlace, writeNewModel, writePhotos } from '../harness/trainFiles.ts';

const { folder, classes, model, run, asked, remove } = await trainPlace();
test.after(remove);
const adapter = ['--adapter', 'swiftshader'];
const short = ['--epochs', '2', '--batch', '3', '--seed', '4', ...adapter];

/** Waits until a run has written so many lines of steps, then sends it the signal. */
async function interrupt(
  name: string,
  args: readonly string[],
  steps: number,
  signal: NodeJS.Signals,
): Promise<Outcome> {
  const { child, outcome } = start(...args);
  const metrics = join(run(name), 'metrics.jsonl');
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(metrics, 'utf8').catch(() => '');
    if (readEvents(text).filter(({ kind }) => kind === 'step').length >= steps) break;
    await setTimeout(20);
  }
  child.kill(signal);
  return outcome;
}

const bytesOf = (name: string, file: string) => readFile(join(run(name), file));

test('a run trains, evaluates and leaves an ordinary weights file, metrics and curves', async () => {
  const { code, out, err } = await start(...asked('whole'), ...short, '--json').outcome;
  assert.is(code, 0, err);
  const result = JSON.parse(out);
  assert.equal([result.epochs, result.steps, result.images, result.test.images], [2, 4, 7, 1]);
  const events = readEvents(String(await bytesOf('whole', 'metrics.jsonl')));
  const kinds = events.map(({ kind }) => kind).join(' ');
  assert.is(kinds, 'run step step epoch step step epoch evaluation end');
  const trained = await readWeights(await bytesOf('whole', 'final.safetensors'), 'final');
  const initial = await readWeights(await readFile(model), 'initial');
  assert.equal([...trained.tensors.keys()].sort(), [...initial.tensors.keys()].sort());
  for (const name of ['backbone.conv1.weight', 'clca.gamma', 'heads.cat.fc2.bias', 'backbone.bn1.running_mean']) {
    const [before, after] = [initial.tensors.get(name)!.data, trained.tensors.get(name)!.data];
    assert.not.ok(
      before.every((value, i) => value === after[i]),
      name,
    );
  }
  assert.match(String(await bytesOf('whole', 'curves.html')), '<h3>Loss</h3>');
});

test('stopped by SIGTERM, gone on with, killed, and gone on with again, it comes to the same bits', async () => {
  const stopped = await interrupt('broken', [...asked('broken'), ...short], 1, 'SIGTERM');
  assert.match(stopped.err, /plumage: train: stopped after \d steps?.* - go on with --resume\n$/);
  assert.is(stopped.code, 143);
  const { state } = readCheckpoint(await bytesOf('broken', 'checkpoint.safetensors'), 'broken');
  assert.ok(state.at.step >= 1 && state.at.step < 4, `${state.at.step} steps`);
  const again = ['--resume', '--out', run('broken'), ...adapter];
  assert.is((await interrupt('broken', again, 3, 'SIGKILL')).signal, 'SIGKILL');
  const { code, err } = await start(...again).outcome;
  assert.is(code, 0, err);
  for (const file of ['checkpoint.safetensors', 'final.safetensors']) {
    assert.ok((await bytesOf('broken', file)).equals(await bytesOf('whole', file)), file);
  }
  const events = readEvents(String(await bytesOf('broken', 'metrics.jsonl')));
  const steps = events.flatMap((event) => (event.kind === 'step' ? [event.step] : []));
  assert.equal(steps, [1, 2, 3, 4]);
});

test('a run is not begun twice, and goes on with its own options only', async () => {
  const resumed = ['--resume', '--out', run('whole')];
  await Promise.all([
    refuses(/there is a run already - add --resume/, ...asked('whole'), ...short),
    refuses(/whole: the run began with epochs=2, got epochs=3 - /, '--resume', '--out', run('whole'), '--epochs', '3'),
    refuses(/whole: --dataset, got cub, expected what .* began with, folder/, ...resumed, '--dataset', 'cub'),
    refuses(/is no run, config.json is missing/, '--resume', '--out', run('nothing')),
  ]);
  const other = await writeNewModel(join(folder, 'other.safetensors'), configOf('tiny', 3, { r: 32 }));
  await refuses(/the run's model has r 16, --model has 32 - /, '--resume', '--out', run('whole'), '--model', other);
  const more = await writePhotos(join(folder, 'more'), classes, 8, 1);
  await refuses(
    /the training images are not those that the run began with/,
    '--resume',
    '--out',
    run('whole'),
    '--data',
    more,
  );
});

test('a frozen backbone: its features are kept, what is above is trained, statistics observed, weights stored as f16', async () => {
  const settings = ['--freeze', 'backbone', '--set', 'augment=false', '--recalibrate-bn', '--set', 'evaluate=test'];
  const stopped = await interrupt('frozen', [...asked('frozen'), ...short, ...settings, '--f16'], 1, 'SIGTERM');
  assert.is(stopped.code, 143, stopped.err);
  const { code, err } = await start('--resume', '--out', run('frozen'), ...adapter).outcome;
  assert.is(code, 0, err);
  const [whole, frozen] = await Promise.all(['whole', 'frozen'].map((name) => bytesOf(name, 'final.safetensors')));
  assert.ok(frozen!.length < 0.6 * whole!.length, `${frozen!.length} of ${whole!.length} bytes`);
  assert.ok((await bytesOf('frozen', 'features.bin')).length > 0);
  const events = readEvents(String(await bytesOf('frozen', 'metrics.jsonl')));
  const found = events.flatMap((event) => (event.kind === 'evaluation' ? [event] : []));
  assert.equal(
    found.map(({ epoch, final }) => [epoch, final]),
    [
      [1, undefined],
      [2, undefined],
      [2, true],
    ],
  );
  for (const { entropy } of found) assert.ok(entropy! > 0.1 && entropy! <= 1 + 1e-6, `row entropy ${entropy}`);
});

test.run();
