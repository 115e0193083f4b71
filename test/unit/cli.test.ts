// The command's pure parts: what it prints and how it reads options and files. cliCommand.test.ts runs the command itself.

import { InvalidArgumentError } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { profileText, resultText, timesText } from '../../src/cli/classifyText.ts';
import { classNames } from '../../src/cli/classNames.ts';
import { cacheText, diagnosisText } from '../../src/cli/doctor.ts';
import { factsText, modelFacts } from '../../src/cli/info.ts';
import { wholeNumber } from '../../src/cli/options.ts';
import { readX } from '../../src/cli/run.ts';
import { barText, bytesText, downloadText, paint, rateText, timeText } from '../../src/cli/text.ts';
import { configure } from '../../src/cli/weights.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import type { ModelConfig } from '../../src/model/config.ts';
import { refused } from '../harness/refused.ts';

const classes = Array.from({ length: 1000 }, (_, i) => `class ${i}`);
const keras: ModelConfig = { model: 'plain', variant: 'v1', eps: 1e-3, preprocessing: 'keras', size: 224, classes };

test('numbers read well at every magnitude', () => {
  const times = [0.04, 9.94, 310.4, 999.4, 12_640, 59_940, 59_960, 125_400, 7_199_400, 167_967_000];
  const expected = [
    '0.0 ms',
    '9.9 ms',
    '310 ms',
    '999 ms',
    '12.6 s',
    '59.9 s',
    '1 min 00 s',
    '2 min 05 s',
    '119 min 59 s',
    '46 h 39 min',
  ];
  assert.equal(times.map(timeText), expected);
  assert.equal([0, 999, 1000, 95_128_781, 1.2e9].map(bytesText), ['0 B', '999 B', '1.0 kB', '95.1 MB', '1.2 GB']);
});

test('bars have eighths of a cell and never leave their width', () => {
  assert.equal(
    [0, 0.25, 0.28125, 1, 7, -1].map((share) => barText(share, 4)),
    ['', '█', '█▏', '████', '████', ''],
  );
});

test('a download tells bytes, speed and the time left', () => {
  assert.is(downloadText(45e6, 90e6, 15), '45.0 MB of 90.0 MB, 3.0 MB/s, 15.0 s left');
  assert.is(downloadText(90e6, 90e6, 30), '90.0 MB of 90.0 MB, 3.0 MB/s');
  assert.is(downloadText(1e6, 90e6, 0.01), '1.0 MB of 90.0 MB');
});

test('a run over images tells their rate and the time left', () => {
  assert.is(rateText(10, 30, 4), '2.5 images/s, 8.0 s left');
  assert.is(rateText(3, 303, 100), '0.030 images/s, 2 h 46 min left');
  assert.is(rateText(500, 500, 10), '50 images/s');
});

test('colours only on a terminal', () => {
  assert.is(paint('red', 'x', { isTTY: false }), 'x');
  const before = process.env.NO_COLOR;
  process.env.NO_COLOR = '1';
  assert.is(paint('red', 'x', { isTTY: true }), 'x');
  if (before === undefined) delete process.env.NO_COLOR;
  else process.env.NO_COLOR = before;
});

test('counts are whole numbers from 1', () => {
  assert.is(wholeNumber('12'), 12);
  for (const text of ['0', '-1', '1.5', 'x', '', '1e3', '99999999999999999999']) {
    assert.throws(
      () => wholeNumber(text),
      (error: unknown) => error instanceof InvalidArgumentError,
      text,
    );
  }
});

test('a photo shows percent, bar and label in columns', () => {
  const top = [
    { label: 'mountain_tent', index: 1, probability: 0.5 },
    { label: 'alp', index: 2, probability: 0.0625 },
  ];
  assert.is(resultText('a.jpg', top), 'a.jpg\n  50.0 %  ██████████  mountain tent\n   6.3 %  █▎          alp');
});

test('the time split names its five parts in order', () => {
  const text = timesText({ weights: 500, plan: 4, pipelines: 1200, first: 2500, steady: 2100 });
  assert.is(text, 'time     weights 500 ms · plan 4.0 ms · pipelines 1.2 s · first run 2.5 s · steady run 2.1 s');
});

test('the profile shows the slowest layers first, the rest in one line, and the peak', () => {
  const layers = Array.from({ length: 20 }, (_, i) => {
    return { name: `layer${i}`, kernel: 'conv2d', milliseconds: i + 1, gflops: 2, gigabytes: 1 };
  });
  const lines = profileText({ peak: { gflops: 8, workgroup: 64, accumulators: 4, sweep: [] }, layers }).split('\n');
  assert.is(lines.length, 1 + 15 + 1 + 2);
  assert.match(lines[1]!, /^layer19 +conv2d +20\.00 +9\.5 % +2\.00 +25\.0 % +1\.00$/);
  assert.match(lines[16]!, /^the other 5 +15\.00 +7\.1 %$/);
  assert.match(lines[18]!, /8\.0 GFLOP\/s/);
});

test('a profile by a clock whose steps are too long for every layer has no shares, but numbers', () => {
  const layers = [{ name: 'layer0', kernel: 'conv2d', milliseconds: 0, gflops: 0, gigabytes: 0 }];
  const [, line] = profileText({ peak: { gflops: 8, workgroup: 64, accumulators: 4, sweep: [] }, layers }).split('\n');
  assert.match(line!, /^layer0 +conv2d +0\.00 +0\.0 % +0\.00 +0\.0 % +0\.00$/);
});

test('the facts of ResNet50 are the published ones', () => {
  const facts = modelFacts(keras);
  assert.is(facts.parameters, 25_557_032);
  assert.is((facts.macs / 1e9).toFixed(3), '3.858');
  assert.is((modelFacts({ ...keras, variant: 'v1.5' }).macs / 1e9).toFixed(3), '4.089');
  assert.equal(facts.layers.at(-1), {
    name: 'backbone.fc',
    kind: 'linear',
    shape: [1, 1000],
    parameters: 2_049_000,
    macs: 2_048_000,
  });
  const text = factsText(facts);
  assert.match(text, /\n {2}parameters +25 557 032\n/);
  assert.match(text, /\n {2}precision +f32$/);
  const half = modelFacts(keras, keras.size, { ...defaultTarget('software'), precision: 'f16' }).plan;
  assert.is(half.target.precision, 'f16');
  assert.ok(half.constantBytes < 0.9 * facts.plan.constantBytes);
  assert.match(text, /\n {2}backbone\.conv1 +conv2d +1 x 112 x 112 x 64 +9 536 +118\.0\n/);
  refused(() => modelFacts(keras, 16), 'input', /--size: pixels, got 16, expected at least 32/);
});

test('class names come one a line', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.equal(classNames(bytes('red fox\r\nalp \n')), ['red fox', 'alp']);
  refused(() => classNames(bytes('a\n\nb\n')), 'input', /--classes: line 2 is empty/);
  refused(() => classNames(bytes('')), 'input', /line 1 is empty/);
});

test('convert refuses class names that are too few, and tensors that do not fit', () => {
  const fc = { shape: [1000, 2048], data: new Float32Array(0) };
  const file = { tensors: new Map([['backbone.fc.weight', fc]]), metadata: { plumage: JSON.stringify(keras) } };
  refused(() => configure(file, 'a.pth', {}, ['one', 'two']), 'weights', /class names, got 2, expected 1000/);
  refused(() => configure(file, 'a.pth', {}), 'weights', /a\.pth: the tensors do not fit the model: 266 missing/);
});

test('an input file holds x and nothing else', () => {
  const one = { shape: [1, 1, 1, 3], data: new Float32Array(3) };
  const file = (names: string[]) =>
    writeSafetensors({ tensors: new Map(names.map((name) => [name, one])), metadata: {} });
  assert.equal(readX(file(['x']), 'x.safetensors').shape, [1, 1, 1, 3]);
  refused(() => readX(file(['y']), 'y.safetensors'), 'input', /y\.safetensors: tensors, got \(y\), expected only x/);
  refused(() => readX(file(['x', 'y']), 'y.safetensors'), 'input', /got \(x, y\)/);
});

test('the doctor shows what is chosen, what is passed over and what is missing', () => {
  const adapter = { backend: 'vulkan', vendor: '', architecture: '', embedded: false };
  const chosen = { ...adapter, name: 'A', description: 'a 1', type: 'gpu', chosen: true, why: 'a real GPU' } as const;
  const other = { ...adapter, name: 'B', description: 'b 2', type: 'software', chosen: false, why: 'no' } as const;
  const text = diagnosisText({
    versions: { plumage: '1.2.3', node: 'v20', webgpu: '0.6', platform: 'linux x64' },
    adapters: { candidates: [chosen, other], features: ['subgroups'], limits: { maxBufferSize: 2 ** 28 } },
    browser: { error: 'browser: none to use' },
    cache: { folder: '/cache', entries: [], bytes: 0 },
  });
  assert.match(text, /✓ {2}A {2}GPU +vulkan {2}a 1 {2}chosen: a real GPU\n/);
  assert.match(text, /· {2}B {2}software {2}vulkan {2}b 2 {2}passed over: no\n/);
  assert.match(text, /features {2}no shader-f16, subgroups, no timestamp-query\n/);
  assert.match(text, /maxBufferSize {2}256 MiB/);
  assert.match(text, /✗ {2}browser: none to use/);
  assert.not.match(text, /seconds a photo/);
  assert.is(
    cacheText({ entries: [{ name: 'a', bytes: 2000, note: 'n' }], bytes: 2000 }),
    '  a  2.0 kB  n\n  2.0 kB in all',
  );
});

test.run();
