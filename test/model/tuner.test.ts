// The tuner on an op of its own, whose forms are fast, slow, wrong or broken by construction, and on linear's forms.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Device } from '../../src/gpu/device.ts';
import { open } from '../../src/gpu/session.ts';
import { type TuneProgress, tune } from '../../src/gpu/tuner.ts';
import { call, elementCount, input, type Node, type Op, parameter } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { plan } from '../../src/graph/plan.ts';
import { printPlan } from '../../src/graph/print.ts';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { countCalls, creators, liveBuffers } from '../harness/countCalls.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { rejected } from '../harness/refused.ts';

/** y = factor x, by a shader of the form's own text. */
function scaling(factor: string): Kernel {
  const code = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x] * ${factor}; }`;
  const bindings = [
    { name: 'x', access: 'read', type: 'array<f32>' },
    { name: 'y', access: 'write', type: 'array<f32>' },
  ] as const;
  return {
    name: `times ${factor}`,
    shader: { name: 'scaling', code, knobs: [], bindings, params: [], paramsSize: 0 },
    grid: () => [SIZE / 64, 1, 1],
    elements: () => ({ x: SIZE, y: SIZE }),
    flops: () => SIZE,
  };
}
const SIZE = 4096;

/** Factor and number of dispatches by name; `plain` is what the kernels for software adapters do. */
const kinds: Record<string, [factor: string, times: number]> = {
  plain: ['2.0', 1],
  fast: ['2.0', 1],
  slow: ['2.0', 20],
  off: ['2.00003', 1], // by 1.5e-5
  winogradOff: ['2.00003', 1],
  wrong: ['2.01', 1],
  broken: ['nothing', 1],
  notFinite: ['bitcast<f32>(id.x | 0x7fc00000u)', 1],
};

function doubling(name: string, x: Node, names: readonly string[], plain = 'plain'): Node {
  const op: Op = {
    name: 'double',
    forms: (node, { family }) => ({
      key: `double ${elementCount(node.shape)}`,
      names: family === 'software' ? ['winogradOff', plain] : names,
    }),
    lower(node, _, form) {
      const [factor, times] = kinds[form!]!;
      return Array.from({ length: times }, () => call(scaling(factor), {}, { x: node.inputs[0]!, y: node }));
    },
  };
  return { op, inputs: [x], attributes: undefined, shape: [SIZE], dtype: 'f32', name };
}

/** The device with the forms of GPUs. */
const asGpu = (device: Device): Device =>
  Object.create(device, { target: { value: { ...device.target, family: 'discrete' } } });

const graph = (...names: string[]) => ({ y: doubling('y', doubling('z', input('x', [SIZE]), names), names) });
const key = `double ${SIZE}`;
const plenty = { budgetMilliseconds: 1e6 };

test('the fastest sound form is chosen, all others are told with the reason; nothing stays on the device', async () => {
  const device = asGpu(await freshDevice());
  const { target } = device;
  const live = liveBuffers(device.gpu);
  const seen: TuneProgress[] = [];
  const outputs = graph('slow', 'wrong', 'fast', 'broken', 'off', 'notFinite');
  const result = await tune(device, outputs, { ...plenty, onProgress: (each) => seen.push(each) });
  assert.equal(result.choices, { [key]: 'fast' });
  assert.is(result.notReached, 0);
  assert.equal(seen, [{ done: 0, of: 1, key }]);
  const [slow, wrong, fast, broken, off, notFinite] = result.measured as Required<(typeof result.measured)[number]>[];
  assert.equal([slow!.form, slow!.uses, slow!.difference, slow!.rejected], ['slow', 2, 0, undefined]);
  assert.ok(fast!.milliseconds > 0 && slow!.milliseconds > 2 * fast!.milliseconds, 'slow is slower');
  assert.match(wrong!.rejected, /^differs by 5\.0e-3, bound 0\.00001/);
  assert.match(broken!.rejected, /scaling\.wgsl:\d+:\d+ .*nothing/);
  assert.match(off!.rejected, /^differs by 1\.5e-5/);
  assert.match(notFinite!.rejected, /^differs by NaN/);
  for (const { milliseconds } of [wrong!, broken!, off!, notFinite!]) assert.is(milliseconds, undefined);
  assert.equal([...live], []);
  assert.is(device.pipelines.size, 0);
  assert.is(device.target, target);
  device.gpu.destroy();
});

test('a first choice that gives wrong finite numbers does not make the right ones wrong', async () => {
  const { measured, choices } = await tune(asGpu(await testDevice()), graph('wrong', 'fast', 'slow'), plenty);
  assert.match(measured[0]!.rejected!, /^differs by 5\.0e-3/);
  assert.equal(choices, { [key]: 'fast' });
});

test('nothing is chosen where the plainest kernels fail', async () => {
  const y = doubling('y', input('x', [SIZE]), ['fast', 'slow'], 'notFinite');
  const { measured, choices } = await tune(asGpu(await testDevice()), { y }, plenty);
  assert.equal(choices, {});
  assert.equal(
    measured.map(({ form, rejected }) => [form, rejected]),
    ['fast', 'slow'].map((form) => [form, 'the plainest kernels give numbers that are not finite']),
  );
});

test("Winograd's forms have a bound of their own, and are not what others are held against", async () => {
  const device = asGpu(await testDevice());
  const { measured } = await tune(device, graph('winogradOff', 'slow'), plenty);
  assert.is(measured[0]!.rejected, undefined);
  assert.ok(Math.abs(measured[0]!.difference! - 1.5e-5) < 1e-6, `difference, got ${measured[0]!.difference}`);
});

test('a first choice that fails its check is replaced, whatever the time; without a sound form there is no choice', async () => {
  const device = asGpu(await testDevice());
  assert.equal((await tune(device, graph('notFinite', 'slow'), plenty)).choices, { [key]: 'slow' });
  assert.equal((await tune(device, graph('broken', 'notFinite'), plenty)).choices, {});
});

test('the choices stand in the plan, in its print-out, and the result stays', async () => {
  const device = asGpu(await testDevice());
  const outputs = graph('slow', 'fast');
  const { choices } = await tune(device, outputs, plenty);
  const [before, after] = [{}, { choices }].map((more) => plan(outputs, { ...device.target, ...more }));
  assert.equal([before!.dispatches.length, after!.dispatches.length], [40, 2]);
  assert.equal(after!.forms, [
    { node: 'z', key, form: 'fast' },
    { node: 'y', key, form: 'fast' },
  ]);
  assert.match(printPlan(after!), /^node +kernel +form .*\nz +times 2\.0 +fast /);
  const x = randomValues(SIZE, 1);
  for (const made of [before!, after!]) {
    const session = await open(device, made);
    assert.equal(
      (await session.run({ x })).y!.data,
      x.map((value) => 4 * value),
    );
    session.close();
  }
});

test('budget 0 times nothing, makes nothing, changes nothing', async () => {
  const device = asGpu(await freshDevice());
  const counts = countCalls(device.gpu, ...creators);
  const known = { other: 'form' };
  const result = await tune(device, graph('slow', 'fast'), { budgetMilliseconds: 0, known });
  assert.equal(result, { choices: known, measured: [], notReached: 1 });
  assert.equal(new Set(Object.values(counts)), new Set([0]));
  device.gpu.destroy();
});

test('what is known is not timed again, unless there is no such form any more', async () => {
  const device = asGpu(await testDevice());
  const outputs = graph('slow', 'fast');
  const again = await tune(device, outputs, { ...plenty, known: { [key]: 'slow' } });
  assert.equal(again, { choices: { [key]: 'slow' }, measured: [], notReached: 0 });
  const gone = await tune(device, outputs, { ...plenty, known: { [key]: 'gone' } });
  assert.equal(gone.choices, { [key]: 'fast' });
});

test('what depends on constants only, and what has one form, is left alone', async () => {
  const device = asGpu(await testDevice());
  const constant = doubling('twice', parameter('w', [SIZE]), ['slow', 'fast']);
  const single = doubling('single', input('x', [SIZE]), ['fast']);
  const result = await tune(device, { y: add('y', constant, single) }, plenty);
  assert.equal(result, { choices: {}, measured: [], notReached: 0 });
});

test('a signal stops it and leaves nothing behind', async () => {
  const device = asGpu(await freshDevice());
  const live = liveBuffers(device.gpu);
  const abort = new AbortController();
  const tuning = tune(device, graph('slow', 'fast'), {
    ...plenty,
    signal: abort.signal,
    onProgress: () => abort.abort(),
  });
  await rejected(tuning, 'aborted', /^tune: was stopped/);
  assert.equal([...live], []);
  device.gpu.destroy();
});

test('a lost device ends it with that code', async () => {
  const device = asGpu(await freshDevice());
  const onProgress = () => device.gpu.destroy();
  await rejected(tune(device, graph('slow', 'fast'), { ...plenty, onProgress }), 'lost');
});

test('without timestamps the wall clock serves', async () => {
  const device = asGpu(await freshDevice({ defaultLimits: true }));
  assert.not(device.gpu.features.has('timestamp-query'));
  assert.equal((await tune(device, graph('slow', 'fast'), plenty)).choices, { [key]: 'fast' });
  device.gpu.destroy();
});

for (const family of families) {
  test(`every form of linear agrees with the first, ${family}`, async () => {
    const shared = await testDevice();
    const device: Device = { ...shared, target: { ...shared.target, family } };
    const layer = (name: string, m: number, k: number, n: number, w = parameter(`${name} w`, [k, n])) =>
      linear(name, input(`${name} x`, [m, k]), w, parameter(`${name} b`, [n]), { activation: 'elu' });
    const { measured } = await tune(device, { y: layer('fc', 2, 515, 17) }, plenty);
    assert.ok(measured.length >= 3, `${measured.length} forms`);
    for (const { key, form, rejected, difference } of measured) {
      assert.is(rejected, undefined, `${key} ${form}`);
      assert.ok(difference! < 3e-6, `${key} ${form}: ${difference}`);
    }
  });
}

test.run();
