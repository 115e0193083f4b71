// `plumage train` itself on SwiftShader: a small run to its end, stopped and killed and gone on with to the same bits, and what
// it refuses before it opens an adapter.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readWeights } from '../../src/formats/weights.ts';
import { readCheckpoint } from '../../src/train/checkpoint.ts';
import { readEvents } from '../../src/train/events.ts';
import { configOf, numbered, plainOf } from '../harness/configs.ts';
import { put } from '../harness/datasets.ts';
import { writeNewModel, writePhotos } from '../harness/trainFiles.ts';

const classes = numbered(3);
let folder: string;
let photos: string;
let model: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-train-'));
  photos = await writePhotos(join(folder, 'photos'), classes, 7, 1);
  model = await writeNewModel(join(folder, 'init.safetensors'), configOf('tiny', 3));
});
test.after(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

function start(...args: string[]): { child: ChildProcess; outcome: Promise<Outcome> } {
  const env = { ...process.env, PLUMAGE_CACHE: join(folder, 'cache') };
  const child = spawn(process.execPath, ['dist/cli.js', 'train', ...args], { env });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const outcome = new Promise<Outcome>((resolve) =>
    child.on('close', (code, signal) => resolve({ ...text, code, signal })),
  );
  return { child, outcome };
}

const run = (name: string) => join(folder, name);
const asked = (name: string) => ['--data', photos, '--dataset', 'folder', '--model', model, '--out', run(name)];
const adapter = ['--adapter', 'swiftshader'];
// A part of the network, which compiles in half the time; the whole is the trainer's own tests' matter.
const part = ['--attention', 'cga', '--freeze', 'layer3'];
const short = ['--epochs', '2', '--batch', '3', '--seed', '4', ...part, ...adapter];

/** Waits until a run has written so many lines of steps, then sends it the signal. */
async function interrupt(
  name: string,
  args: readonly string[],
  steps: number,
  signal: NodeJS.Signals,
): Promise<Outcome> {
  const { child, outcome } = start(...args);
  const metrics = join(run(name), 'metrics.jsonl');
  while (child.exitCode === null) {
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
  const trained = readWeights(await bytesOf('whole', 'final.safetensors'), 'final');
  const initial = readWeights(await readFile(model), 'initial');
  const kept = [...initial.tensors.keys()].filter((name) => !name.startsWith('clca.'));
  assert.equal([...trained.tensors.keys()].sort(), kept.sort());
  const same = (name: string) => assert.equal(trained.tensors.get(name)!.data, initial.tensors.get(name)!.data, name);
  for (const name of ['backbone.conv1.weight', 'backbone.layer3.5.bn3.running_mean']) same(name);
  for (const name of [
    'backbone.layer4.0.conv2.weight',
    'cga.beta',
    'heads.cat.fc2.bias',
    'blocks.1.bn1.running_mean',
  ]) {
    assert.throws(() => same(name), undefined, name);
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

/** Exit code 1 and one line on stderr that matches, beside warnings. */
async function refuses(pattern: RegExp, ...args: string[]): Promise<void> {
  const { code, out, err } = await start(...args).outcome;
  assert.match(err, pattern);
  assert.not.match(err, /^\s+at /m);
  assert.is(out, '');
  assert.is(code, 1);
}

test('a run is not begun twice, and goes on with its own options only', async () => {
  await Promise.all([
    refuses(/there is a run already - add --resume/, ...asked('whole'), ...short),
    refuses(/whole: the run began with epochs=2, got epochs=3 - /, '--resume', '--out', run('whole'), '--epochs', '3'),
    refuses(/no run to go on with, config.json is missing/, '--resume', '--out', run('nothing')),
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

test('what cannot be trained is refused before an adapter is opened', async () => {
  const data = (where: string) => ['--data', where, '--dataset', 'folder', '--out', run('refused')];
  const plain = await writeNewModel(join(folder, 'plain.safetensors'), plainOf(4, { size: 64 }));
  const lonely = join(folder, 'lonely');
  for (const name of classes.slice(0, 2)) await put(join(lonely, 'train', name, '1.jpg'), 'no photo');
  await mkdir(join(lonely, 'train', classes[2]!));
  await Promise.all([
    refuses(/train: --data, got nothing, expected the data set's folder/, '--out', run('refused'), '--model', model),
    refuses(/--set: key, got "rate", expected one of epochs/, ...asked('refused'), '--set', 'rate=1'),
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
  const json = JSON.parse((await start(...args, '--json', '--gflops', '100').outcome).out);
  assert.is(json.gflops, 100);
  assert.ok(Math.abs(json.secondsPerStep - json.cost.flops / 100e9) < 1e-12);
});

test.run();
