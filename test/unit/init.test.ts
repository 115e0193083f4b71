// `plumage init`: what a new model starts from, and what is refused.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { checkDistinct, classNames } from '../../src/cli/classNames.ts';
import { newModel } from '../../src/cli/init.ts';
import { checkModel, modelGraph } from '../../src/engine/checkModel.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { readWeights } from '../../src/formats/weights.ts';
import type { TensorFile } from '../../src/graph/tensor.ts';
import { expectedParameters } from '../../src/model/config.ts';
import { initialValues } from '../../src/model/initialise.ts';
import { configOf, plainOf } from '../harness/configs.ts';
import { hashedWeights } from '../harness/hashedWeights.ts';
import { refused } from '../harness/refused.ts';

const keras = plainOf(7, { variant: 'v1', eps: 1e-3, preprocessing: 'keras' });
const source: TensorFile = {
  tensors: new Map(Object.entries(hashedWeights(expectedParameters(modelGraph(keras, [1, 32, 32, 3]))))),
  metadata: { plumage: JSON.stringify(keras) },
};
const classes = ['wren', 'robin', 'magpie'];
const make = (seed: number) => newModel(source, 's', classes, { preset: 'tiny', seed });
const made = make(1);
const values = (name: string) => made.tensors.get(name)!.data;

test("the backbone is the source's with its variant, eps and preprocessing; the rest is the preset's", () => {
  const config = configOf('tiny', 3, { variant: 'v1', eps: 1e-3, preprocessing: 'keras', classes });
  assert.equal(checkModel(made, 'm'), config);
  for (const [name, { data }] of source.tensors) {
    if (name.startsWith('backbone.fc.')) assert.not.ok(made.tensors.has(name));
    else assert.ok(values(name) === data, name);
  }
});

/** Root mean square, largest magnitude, mean. */
function moments(data: Float32Array): { rms: number; most: number; mean: number } {
  let [square, most, sum] = [0, 0, 0];
  for (const value of data) {
    square += value * value;
    sum += value;
    most = Math.max(most, Math.abs(value));
  }
  return { rms: Math.sqrt(square / data.length), most, mean: sum / data.length };
}

const near = (got: number, want: number, part: number, what: string) =>
  assert.ok(Math.abs(got - want) <= part * want, `${what}: got ${got}, expected ${want}`);

test('new convs and linears are uniform within 1/sqrt(fan_in), biases too', () => {
  for (const [name, fanIn] of [
    ['blocks.1.conv1.weight', 512],
    ['blocks.3.conv2.weight', 9 * 32],
    ['heads.cat.fc1.weight', 192],
    ['heads.cat.fc1.bias', 192],
    ['heads.2.fc2.weight', 512],
  ] as const) {
    const { rms, most, mean } = moments(values(name));
    const bound = 1 / Math.sqrt(fanIn);
    assert.ok(most <= bound && most > 0.98 * bound, `${name}: reaches ${most} of ${bound}`);
    near(rms, bound / Math.sqrt(3), 0.06, name);
    assert.ok(Math.abs(mean) < 0.15 * bound, `${name}: mean ${mean}`);
  }
});

test('u and v are normal with std sqrt(2 / d)', () => {
  for (const name of ['clca.12.u.weight', 'clca.13.v.weight', 'clca.23.u.weight']) {
    const { rms, most } = moments(values(name));
    near(rms, Math.sqrt(2 / 64), 0.06, name);
    assert.ok(most > 2.8 * rms && most < 6 * rms, `${name}: reaches ${most / rms} std`);
  }
});

test('batch norms start as identities, gamma and beta at 0', () => {
  for (const [name, value] of [
    ['blocks.2.bn1.weight', 1],
    ['blocks.2.bn1.bias', 0],
    ['blocks.2.bn2.running_mean', 0],
    ['blocks.2.bn2.running_var', 1],
    ['heads.1.bn1.weight', 1],
    ['heads.cat.bn2.running_var', 1],
    ['heads.cat.bn2.bias', 0],
    ['clca.gamma', 0],
    ['cga.beta', 0],
  ] as const) {
    assert.ok(
      values(name).every((each) => each === value),
      name,
    );
  }
});

test('the same seed gives the same values, another seed others; no two tensors are alike', () => {
  const again = make(1);
  const other = make(2);
  const starts = new Set<number>();
  for (const name of [
    'heads.1.fc1.weight',
    'heads.2.fc1.weight',
    'heads.3.fc1.weight',
    'clca.12.u.weight',
    'clca.12.v.weight',
  ]) {
    assert.equal(again.tensors.get(name)!.data, values(name));
    assert.not.equal(other.tensors.get(name)!.data, values(name));
    starts.add(values(name)[0]!);
  }
  assert.is(starts.size, 5);
  const alone = initialValues(new Map([['heads.1.fc1.weight', [512, 64]]]), 1);
  assert.equal(alone.get('heads.1.fc1.weight')!.data, values('heads.1.fc1.weight'));
});

test('plain: the last layer is new, with as many outputs as classes', () => {
  const plain = newModel(source, 's', classes, { preset: 'plain', size: 96, seed: 3 });
  const config = checkModel(plain, 'm');
  assert.equal([config.model, config.size, config.classes], ['plain', 96, classes]);
  const { rms } = moments(plain.tensors.get('backbone.fc.weight')!.data);
  near(rms, 1 / Math.sqrt(3 * 2048), 0.06, 'fc');
});

test('a model can be the source of another, fc may be absent, counters and heads are left behind', () => {
  const counter = { shape: [1], data: new Float32Array(1) };
  const tensors = new Map([...made.tensors, ['backbone.bn1.num_batches_tracked', counter] as const]);
  const lite = newModel({ tensors, metadata: made.metadata }, 's', classes, { preset: 'lite', seed: 1 });
  assert.is(checkModel(lite, 'm').size, 448);
  assert.equal(lite.tensors.get('heads.1.fc1.weight')!.shape, [512, 512]);
});

test('files in F32 and F16 load again', async () => {
  const small = { tensors: made.tensors, metadata: made.metadata };
  for (const dtype of ['F32', 'F16'] as const) {
    const read = await readWeights(writeSafetensors(small, dtype), 'm');
    assert.equal(checkModel(read, 'm').classes, classes);
    const off = read.tensors.get('clca.13.u.weight')!.data.map((v, i) => v - values('clca.13.u.weight')[i]!);
    assert.ok(moments(off).most <= (dtype === 'F32' ? 0 : 2 ** -11));
  }
});

test('refused: a source that lacks tensors, has others, or none of ours', () => {
  const change = (edit: (tensors: TensorFile['tensors']) => void) => {
    const tensors = new Map(source.tensors);
    edit(tensors);
    return () => newModel({ tensors, metadata: source.metadata }, 's.pth', classes, { preset: 'tiny', seed: 0 });
  };
  const name = 'backbone.layer4.2.conv3.weight';
  const line = /^s\.pth: the tensors do not fit the model: /;
  refused(
    change((t) => t.delete(name)),
    'weights',
    /1 missing \(backbone\.layer4\.2\.conv3\.weight\) - /,
  );
  refused(
    change((t) => t.set('backbone.layer5.x', t.get(name)!)),
    'weights',
    /1 unknown \(backbone\.layer5\.x\)/,
  );
  refused(
    change((t) => t.set(name, t.get('backbone.conv1.weight')!)),
    'weights',
    /1 wrong shape \(backbone\.layer4/,
  );
  refused(
    change((t) => t.delete(name)),
    'weights',
    line,
  );
  const bare = { tensors: source.tensors, metadata: {} };
  refused(
    () => newModel(bare, 's', classes, { preset: 'tiny', seed: 0 }),
    'weights',
    /metadata key plumage, got nothing/,
  );
});

test('refused: a model file with the configuration of another preset', () => {
  const lite = JSON.stringify(configOf('lite', 3, { classes }));
  refused(
    () => checkModel({ tensors: made.tensors, metadata: { plumage: lite } }, 'm.safetensors'),
    'weights',
    /^m\.safetensors: the tensors do not fit the model: \d+ wrong shape \(blocks\.1\.conv1\.weight \(32, 512, 1, 1\) expected \(256, 512, 1, 1\), /,
  );
  const none = JSON.stringify(configOf('tiny', 3, { classes, attention: 'none' }));
  refused(
    () => checkModel({ tensors: made.tensors, metadata: { plumage: none } }, 'm'),
    'weights',
    /: 8 unknown \(.*clca\.12\.u\.weight, /,
  );
});

test('refused: sizes below the smallest', () => {
  refused(
    () => newModel(source, 's', classes, { preset: 'lite', size: 31, seed: 0 }),
    'input',
    /^--size: pixels, got 31, expected at least 32$/,
  );
});

test('--set changes the network, and nothing else', () => {
  const options = { preset: 'lite', seed: 0 } as const;
  const { metadata } = newModel(source, 's', classes, { ...options, settings: { normalise: true, pool: 'top5' } });
  const config = JSON.parse(metadata.plumage!);
  assert.equal([config.normalise, config.pool, config.groups], [true, 'top5', 32]);
  const wrong = (settings: Record<string, unknown>, pattern: RegExp, code: 'input' | 'weights' = 'input') =>
    refused(() => newModel(source, 's', classes, { ...options, settings }), code, pattern);
  wrong({ size: 64 }, /^--set: field, got size, expected one of mid, d, r, groups, hidden, attention, /);
  wrong({ pool: 'mean' }, /^s: configuration: pool, got "mean", /, 'weights');
  const plain = { preset: 'plain', seed: 0, settings: { pool: 'max' } } as const;
  refused(() => newModel(source, 's', classes, plain), 'input', /^--set: field, got pool, expected none here$/);
});

test('class names: one a line, trimmed, UTF-8', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.equal(classNames(bytes('\ufeffBoeing 737-300\r\n F/A-18 \nÅ\n')), ['Boeing 737-300', 'F/A-18', 'Å']);
  refused(() => classNames(bytes('a\n\nb\n')), 'input', /^--classes: line 2 is empty/);
  refused(() => classNames(bytes('')), 'input', /^--classes: line 1 is empty/);
  refused(() => classNames(Uint8Array.of(0xff, 0xfe)), 'input', /^--classes: the file is not UTF-8/);
  refused(() => checkDistinct(['a']), 'input', /^--classes: names, got 1, expected at least 2/);
  refused(() => checkDistinct(['a', 'b', 'a']), 'input', /^--classes: lines 1 and 3 are both "a" - /);
});

test('the file is the same for the same seed, to the byte', () => {
  const bytes = (file: TensorFile) => {
    const small = new Map([...file.tensors].filter(([name]) => !name.startsWith('backbone.')));
    return writeSafetensors({ tensors: small, metadata: file.metadata });
  };
  assert.equal(bytes(make(5)), bytes(make(5)));
  assert.ok(readSafetensors(bytes(made), 'm').tensors.has('clca.gamma'));
});

test.run();
