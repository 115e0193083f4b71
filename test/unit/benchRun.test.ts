// The benchmark's loop on engines that are made up: who is left out and why, and what the results say.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseCase } from '../../bench/cases.ts';
import { fold } from '../../bench/fold.ts';
import { kernelCases, kernelWeights } from '../../bench/kernels.ts';
import type { BenchApi } from '../../bench/page.ts';
import type { CaseResult } from '../../bench/results.ts';
import { runCases } from '../../bench/run.ts';
import { caseText, convolutionsText, kernelsText } from '../../bench/table.ts';

const none = new Map<string, number>();

/** A page with engines by name: what one run takes, and how far its output is off. */
function page(engines: Record<string, { milliseconds: number; off?: number; fails?: string }>): BenchApi {
  const engine = (name: string) => engines[name]!;
  const layer = { name: 'conv/2', kernel: 'conv2d', op: 'conv2d', milliseconds: 2, flops: 4e6, bytes: 1e6 };
  const memory = { alive: [1, 2], activationBytes: 2, lowerBoundBytes: 2, constantBytes: 4 };
  return {
    async open(name: string) {
      if (engine(name).fails) throw new Error(`Error: ${engine(name).fails}\n at somewhere`);
    },
    time: async (name: string) => ({
      milliseconds: engine(name).milliseconds,
      script: name === 'plumage' ? { upload: 0.25, encode: 0.5 } : undefined,
    }),
    difference: async (name: string) => ({ difference: engine(name).off ?? 0, magnitude: 10 }),
    gpuBytes: async () => ({ now: 5, peak: 7 }),
    planned: async () => ({ flops: 1e9, memory }),
    ceilings: async () => ({ fmaGflops: 10, unchainedGflops: 4, sweep: [], copyGigabytes: 2 }),
    layers: async () => [layer, { ...layer, name: 'conv/1', op: 'conv2d', flops: 0 }],
    close: async () => {},
    cold: async (name: string) => ({
      parts: [
        { name: 'code', start: 0, end: 1 },
        { name: 'first run', start: 1, end: engine(name).milliseconds },
      ],
      output: [10, engine(name).off ?? 0],
      longestTask: 0,
    }),
  } as unknown as BenchApi;
}

async function run(names: string[], peers: string[], api: BenchApi, budget = 1000) {
  const results: Record<string, CaseResult> = {};
  const said: string[] = [];
  const failures = await runCases(
    {
      page: async () => api,
      spec: async ({ network }) => ({ network, shape: [1, 64, 64, 3], output: 'logits', weights: '', onnx: '' }),
      progress: (text) => said.push(text),
      done: (name, result) => {
        results[name] = result;
      },
    },
    { cases: names.map((name) => parseCase(name, none)), peers, budget },
  );
  return { results, failures, said };
}

const engines = {
  plumage: { milliseconds: 10 },
  good: { milliseconds: 25 },
  wrong: { milliseconds: 1, off: 3 },
  broken: { milliseconds: 1, fails: 'no such op' },
};

test('a case: times, pairs, who failed and why', async () => {
  const { results, failures, said } = await run(['resnet50/64/1'], Object.keys(engines), page(engines));
  const result = results['resnet50/64/1']!;
  assert.equal(failures, []);
  assert.equal(Object.keys(result.engines), ['plumage', 'good']);
  assert.is(result.engines.good!.median, 25);
  assert.ok(result.pairs.good!.every((pair) => pair === 2.5));
  assert.match(result.absent.wrong!, /computes something else: off by 3/);
  assert.is(result.absent.broken, 'no such op');
  assert.is(result.encodeMilliseconds, 0.5);
  assert.is(result.uploadMilliseconds, 0.25);
  assert.is(result.ceilings!.unchainedGflops, 4);
  assert.equal(result.memory!.engines, { plumage: 5, good: 5 });
  assert.match(said[0]!, /^\[1\/1\] resnet50\/64\/1: .* left$/);
});

test('a slow peer is left out of a later case that has no time for it', async () => {
  const slow = { plumage: { milliseconds: 10 }, slow: { milliseconds: 60_000 } };
  const cases = ['resnet50/64/1', 'finegrained/lite/64/1', 'cold/resnet50/64/1'];
  const { results } = await run(cases, ['plumage', 'slow'], page(slow));
  assert.match(results['cold/resnet50/64/1']!.absent.slow!, /^left out: needs about 60 s/);
  assert.is(results['resnet50/64/1']!.engines.slow!.runs.length, 2);
  assert.match(results['finegrained/lite/64/1']!.absent.slow!, /^left out: needs about 222 s/);
});

test('without times by layer the rounds stand', async () => {
  const api: BenchApi = { ...page(engines), layers: () => Promise.reject(new Error('no timestamp-query')) };
  const { results, failures } = await run(['resnet50/64/1'], ['plumage', 'good'], api);
  const result = results['resnet50/64/1']!;
  assert.equal([failures, result.layers, result.engines.good!.median], [[], undefined, 25]);
  assert.is(result.absent['plumage by layer'], 'no timestamp-query');
});

test('a step whose updates differ from ours is not timed', async () => {
  const offs = [0, 0.15];
  const api: BenchApi = {
    ...page(engines),
    difference: async () => ({ difference: offs.shift()!, magnitude: 10 }),
  };
  const { results } = await run(['training/finegrained/lite/64/4'], ['plumage', 'tfjs-webgpu'], {
    ...api,
    open: async () => {},
    time: async () => ({ milliseconds: 10 }),
  });
  const result = results['training/finegrained/lite/64/4']!;
  assert.match(result.absent['tfjs-webgpu']!, /computes something else: off by 1.5e-1/);
  assert.equal(Object.keys(result.engines), ['plumage']);
});

test('memory is that of the same network where it has run, else of one run', async () => {
  const { results } = await run(['memory/resnet50/64/1'], ['plumage', 'good'], page(engines));
  const alone = results['memory/resnet50/64/1']!;
  assert.equal([alone.memory!.engines, alone.engines], [{ plumage: 5, good: 5 }, {}]);
  let opened = 0;
  const api = page(engines);
  const counting: BenchApi = {
    ...api,
    open(...args) {
      opened++;
      return api.open(...args);
    },
  };
  const both = await run(['resnet50/64/1', 'memory/resnet50/64/1'], ['plumage', 'good'], counting);
  assert.is(opened, 2);
  assert.equal(both.results['memory/resnet50/64/1']!.memory, both.results['resnet50/64/1']!.memory);
});

test('when ours fails the case is reported and the next runs', async () => {
  const { results, failures } = await run(
    ['resnet50/64/1', 'cold/resnet50/64/1'],
    ['plumage'],
    page({ plumage: { milliseconds: 1, fails: 'lost' } }),
  );
  assert.equal(failures, ['resnet50/64/1: lost']);
  assert.equal(Object.keys(results), ['cold/resnet50/64/1']);
});

test('cold: a timeline for each engine, wrong ones absent', async () => {
  const { results } = await run(['cold/resnet50/64/1'], ['plumage', 'good', 'wrong'], page(engines));
  const { engines: timed, timeline, absent } = results['cold/resnet50/64/1']!;
  assert.equal(Object.keys(timed), ['plumage', 'good']);
  assert.equal(
    timeline!.map(({ engine, name }) => `${engine} ${name}`),
    ['plumage code', 'plumage first run', 'good code', 'good first run'],
  );
  assert.match(absent.wrong!, /something else/);
});

test('text: ratios, reasons and the convolutions of the layers', async () => {
  const { results } = await run(['resnet50/64/1'], Object.keys(engines), page(engines));
  const result = results['resnet50/64/1']!;
  const ceilings = { fmaGflops: 10, copyGigabytes: 4, sweep: [] };
  assert.match(caseText('resnet50/64/1', result), /good .* 2\.50x /);
  assert.match(caseText('resnet50/64/1', result), /\n {2}broken: no such op/);
  // 4 MFLOP in two dispatches of 2 ms each: 1 GFLOP/s of 10.
  assert.match(
    convolutionsText(result.layers!, ceilings),
    /4\.0 ms, the least of them conv: 10 % and 10 % of the FMA peak of [\d.]+ GFLOP\/s$/,
  );
  const both = convolutionsText(result.layers!, { ...ceilings, unchainedGflops: 2 });
  assert.match(both, /10 % and 10 % of the FMA peak of .*, 50 % and 50 % of the unchained one of [\d.]+$/);
  assert.match(kernelsText({ 'kernels/x': { ...result, count: 3 } }, ceilings), /\nx +3 +conv2d .* 10 % /);
});

test('kernels: every convolution of ResNet50 once with its count, the attentions of both presets', () => {
  const cases = [...kernelCases().values()];
  const of = (op: string) => cases.filter(({ name }) => name.startsWith(`${op}/`));
  assert.is(
    of('conv2d').reduce((sum, { count }) => sum + count, 0),
    53,
  );
  assert.is(of('collaborativeAttention').length, 6);
  assert.ok(of('channelAttention').length > 0 && of('linear').length > 0 && of('maxPool').length > 0);
  assert.ok(of('globalPool').length > 0);
  const third = cases.find(({ name }) => name === 'conv2d/1x1/7x7/512-2048')!;
  assert.equal([third.count, third.inputs.length], [3, 2], 'x and the residual');
});

test('folding: a conv and its batch norm become filter and bias, a head its two batch norms', () => {
  const { tensors } = kernelWeights(kernelCases().get('conv2d/1x1/56x56/64-64')!);
  const [weightName, weight] = [...tensors].find(([, { shape }]) => shape.length === 4)!;
  const bn = weightName.replace(/conv(\d)\.weight/, 'bn$1');
  tensors.get(`${bn}.weight`)!.data[1] = 3;
  tensors.get(`${bn}.running_mean`)!.data[1] = 2;
  tensors.get(`${bn}.bias`)!.data[1] = 5;
  const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  const norm = (name: string, gamma: number, beta: number) => {
    tensors.set(`heads.1.${name}.weight`, vector(gamma));
    tensors.set(`heads.1.${name}.bias`, vector(beta));
    tensors.set(`heads.1.${name}.running_mean`, vector(1));
    tensors.set(`heads.1.${name}.running_var`, vector(1 - 1e-5));
  };
  norm('bn1', 2, 4);
  norm('bn2', 3, 7);
  tensors.set('heads.1.fc1.weight', { shape: [1, 1], data: Float32Array.of(5) });
  tensors.set('heads.1.fc1.bias', vector(11));
  const config = { model: 'plain', variant: 'v1', eps: 1e-5, preprocessing: 'keras', size: 64, classes: ['a'] };
  const { convs, linears } = fold({ tensors, metadata: { plumage: JSON.stringify(config) } });
  const conv = convs.get(weightName.replace('.weight', ''))!;
  assert.equal(conv.shape, [1, 1, 64, 64]);
  assert.ok(Math.abs(conv.filter[1]! - 3 * weight.data[64]!) < 1e-4, 'HWIO: filter 1 of input 0');
  assert.ok(Math.abs(conv.bias[1]! - (5 - 2 * 3)) < 1e-4);
  // y = 3 (5 (2 (x - 1) + 4) + 11 - 1) + 7 = 30 x + 67
  const { weight: w, bias } = linears.get('heads.1.fc1')!;
  assert.ok(Math.abs(w[0]! - 30) < 1e-4 && Math.abs(bias[0]! - 67) < 1e-4, `${w[0]} x + ${bias[0]}`);
});

test.run();
