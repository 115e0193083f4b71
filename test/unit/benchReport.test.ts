// The benchmark's report and its comparison, on results made by hand as a run on a software adapter gives them.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareResults, formatComparison } from '../../bench/report/compare.ts';
import { readResults } from '../../bench/report/readResults.ts';
import { reportHtml } from '../../bench/report/report.ts';
import type { CaseResult, EngineTimes, LayerResult, MemoryResult, Results } from '../../bench/results.ts';

/** Runs that scatter by a few percent round the middle one, which is the median. */
function runsOf(median: number, count = 5): EngineTimes {
  const runs = Array.from({ length: count }, (_, i) => median * (1 + 0.013 * (i - (count >> 1))));
  return { first: 1.8 * median, runs, median, min: Math.min(...runs), max: Math.max(...runs) };
}

function resnetLayers(): LayerResult[] {
  const layers: LayerResult[] = [];
  const conv = (name: string, side: number, kernel: number, inner: number, outer: number, gflops: number) => {
    const flops = 2 * side * side * kernel * kernel * inner * outer;
    const bytes = 4 * (side * side * (inner + outer) + kernel * kernel * inner * outer);
    const program = kernel === 3 ? 'winogradQuad' : kernel === 7 ? 'stemQuad' : 'conv2dQuad';
    layers.push({
      name: `backbone.${name}`,
      kernel: program,
      op: 'conv2d',
      milliseconds: flops / gflops / 1e6,
      flops,
      bytes,
    });
  };
  conv('conv1', 112, 7, 3, 64, 14);
  layers.push({
    name: 'backbone.maxpool',
    kernel: 'maxPool',
    op: 'maxPool',
    milliseconds: 3.1,
    flops: 0,
    bytes: 4_014_080,
  });
  [3, 4, 6, 3].forEach((blocks, stage) => {
    const [side, width] = [56 >> stage, 64 << stage];
    for (let block = 0; block < blocks; block++) {
      const at = `layer${stage + 1}.${block}`;
      const inner = block > 0 ? 4 * width : stage === 0 ? 64 : 2 * width;
      conv(`${at}.conv1`, side, 1, inner, width, 19 + stage);
      conv(`${at}.conv2`, side, 3, width, width, 31 - 4 * stage);
      if (block === 0) conv(`${at}.downsample.0`, side, 1, inner, 4 * width, 20);
      conv(`${at}.conv3`, side, 1, width, 4 * width, 21 + stage);
    }
  });
  layers.push({ name: 'backbone.avgpool', kernel: 'globalPool', milliseconds: 0.21, flops: 100_352, bytes: 409_600 });
  layers.push({ name: 'backbone.fc', kernel: 'linear', milliseconds: 1.2, flops: 4_096_000, bytes: 8_204_192 });
  return layers;
}

function resnetMemory(layers: readonly LayerResult[]): MemoryResult {
  const sizes = layers.map((_, i) => (i < 2 ? 3_211_264 : Math.round(3_211_264 / 2 ** Math.min(4, (i - 2) / 13))));
  const values = sizes.map((bytes, i) => ({ label: layers[i]!.name, slot: i % 3, bytes, first: i, last: i + 2 }));
  const alive = layers.map((_, i) => (sizes[i] ?? 0) + (sizes[i - 1] ?? 602_112) + (sizes[i - 2] ?? 0));
  const lowerBoundBytes = Math.max(...alive);
  const engines = { plumage: 112e6, 'tfjs-webgpu': 214e6, 'ort-webgpu': 187e6 };
  const peaks = { plumage: 112e6, 'tfjs-webgpu': 262e6, 'ort-webgpu': 290e6 };
  const activationBytes = Math.round(1.04 * lowerBoundBytes);
  return { alive, activationBytes, lowerBoundBytes, constantBytes: 102e6, engines, peaks, values };
}

const layers = resnetLayers();
const peers = { 'tfjs-webgpu': 21_412, 'ort-webgpu': 23_380, 'jax-js': 96_200, 'tfjs-wasm': 690, 'ort-wasm': 362 };

function raced(suite: CaseResult['suite'], ours: number, others: Record<string, number>, count = 5): CaseResult {
  const engines = Object.fromEntries([
    ['plumage', runsOf(ours, count)],
    ...Object.entries(others).map(([name, ms]) => [name, runsOf(ms, Math.min(count, 3))]),
  ]) as Record<string, EngineTimes>;
  const difference = Object.fromEntries(Object.keys(others).map((name, i) => [name, 1.3e-5 * (i + 1)]));
  return { suite, batch: 1, engines, pairs: {}, difference, magnitude: 9.8, absent: {} };
}

function timeline(): CaseResult['timeline'] {
  const steps: Record<string, Record<string, number>> = {
    plumage: { code: 60, device: 85, weights: 640, 'first run': 1710 },
    'tfjs-webgpu': { code: 210, device: 90, weights: 310, 'first run': 39_700 },
    'ort-webgpu': { code: 950, session: 2900, 'first run': 45_900 },
    'ort-wasm': { code: 800, session: 950, 'first run': 410 },
  };
  return Object.entries(steps).flatMap(([engine, parts]) => {
    let start = 12;
    return Object.entries(parts).map(([name, takes]) => {
      start += takes;
      return { engine, name, start: start - takes, end: start };
    });
  });
}

function kernels(): Record<string, CaseResult> {
  const own = layers.filter(({ name }) => /\.(0|1)\.conv|e.conv1/.test(name));
  const entries = own.map((layer, i) => {
    const [size, ours] = [56 >> (i % 4), layer.milliseconds];
    const others = { 'tfjs-webgpu': ours * (4 + ((5 * i) % 9)), 'ort-webgpu': ours * (2.5 + ((7 * i) % 11)) };
    const result = { ...raced('kernels', ours, others), count: 1 + (i % 5), layers: [layer] };
    return [`kernels/conv2d/1x1/${size}x${size}/${64 * (i + 1)}-256`, result] as const;
  });
  return Object.fromEntries(entries);
}

function withRatios(results: Omit<Results, 'ratios'>): Results {
  const ratios = Object.entries(results.cases).map(([name, { engines }]) => {
    const others = Object.entries(engines).filter(([engine]) => engine !== 'plumage');
    return [name, Object.fromEntries(others.map(([engine, { median }]) => [engine, median / engines.plumage!.median]))];
  });
  return { ...results, ratios: Object.fromEntries(ratios) };
}

const head = {
  version: 1,
  plumage: '0.2.0',
  date: '2026-11-23T20:14:00.000Z',
  browser: 'HeadlessChrome/147.0.7727.15',
  adapter: { name: 'SwiftShader', vendor: 'google', architecture: 'swiftshader', family: 'software', software: true },
  precision: 'f32',
} as const;

const rates = [32, 64, 128, 256].map((workgroup) => ({ workgroup, gflops: 37 - workgroup / 32 }));
const sweep = rates.flatMap((rate) => [1, 2, 3, 4, 6, 8].map((accumulators) => ({ ...rate, accumulators })));

/** Every suite, every chart. */
export const full: Results = withRatios({
  ...head,
  ceilings: { fmaGflops: 36, copyGigabytes: 6.4, sweep },
  cases: {
    'resnet50/224/1': {
      ...raced('resnet50', 1790, peers, 9),
      layers,
      encodeMilliseconds: 0.31,
      absent: { 'jax-webgpu': 'no batch norm in its loader' },
    },
    'finegrained/paper/224/1': raced('finegrained', 2480, { 'tfjs-webgpu': 27_300, 'tfjs-wasm': 1050 }),
    'cold/resnet50/224/1': {
      ...raced('cold', 2507, { 'tfjs-webgpu': 40_322, 'ort-webgpu': 49_762 }),
      timeline: timeline(),
    },
    ...kernels(),
    'memory/resnet50/224/1': { ...raced('memory', 1, {}), engines: {}, memory: resnetMemory(layers) },
  },
});

/** A run of the release before: one case 20 % slower than now, one as now, one that is gone. */
export const earlier: Results = withRatios({
  ...full,
  plumage: '0.1.0',
  date: '2026-10-02T09:00:00.000Z',
  cases: {
    'resnet50/224/1': raced('resnet50', 2237, { 'tfjs-webgpu': 21_300 }, 9),
    'finegrained/paper/224/1': raced('finegrained', 2465, { 'tfjs-webgpu': 27_900 }),
    'resnet50/64/1': raced('resnet50', 210, {}),
  },
});

const empty: Results = { ...head, ceilings: { fmaGflops: 0, copyGigabytes: 0, sweep: [] }, cases: {}, ratios: {} };
const whole = reportHtml(full, earlier);
const figures = (page: string) => [...page.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title!);

test('a full run shows every chart, each with a text, an SVG for either width and its numbers', async () => {
  const page = await whole;
  assert.equal(figures(page), [
    'resnet50/224/1: time a run',
    'resnet50/224/1: time by layer',
    'resnet50/224/1: roofline',
    'finegrained/paper/224/1: time a run',
    'cold/resnet50/224/1: time to the first result',
    'cold/resnet50/224/1: what the time goes into',
    'Kernels: peers against ours',
    'Kernels: time by shape',
    'Kernels: roofline',
    'memory/resnet50/224/1: memory over the plan',
    'memory/resnet50/224/1: the slots',
    'memory/resnet50/224/1: memory held by engine',
    'Plumage&#39;s median time against the earlier run',
  ]);
  for (const figure of page.split('<figure>').slice(1)) {
    assert.ok((figure.match(/<svg[^>]*role="img" aria-label="[^"]{40,}"/g) ?? []).length >= 2);
    assert.match(figure, /<details><summary>The numbers<\/summary>/);
    assert.not.match(figure, /NaN|undefined|Infinity/);
  }
  assert.match(page, />layer1\.0\.conv1<\/text>/);
  for (const { name } of layers) assert.match(page, new RegExp(`<title>${name.replaceAll('.', '\\.')}, `));
});

test('the page is one file: no script, nothing loaded, no address', async () => {
  const page = await whole;
  assert.not.match(page.replaceAll(/ xmlns(:\w+)?="[^"]*"/g, ''), /https?:|\/\/\w|<script|<link|<img|@import|url\(/i);
});

test('the header names the machine and says when there is no GPU behind it', async () => {
  const page = await whole;
  for (const fact of [
    head.adapter.name,
    'HeadlessChrome 147.0.7727.15',
    head.plumage,
    '2026-11-23 20:14 UTC',
    '36.0 GFLOP/s',
    '6.40 GB/s',
  ]) {
    assert.ok(page.includes(fact), fact);
  }
  assert.match(page, /Software adapter: no GPU/);
  const real = await reportHtml({ ...empty, adapter: { ...full.adapter, name: 'RTX', software: false } });
  assert.not.match(real, /Software adapter/);
});

test('a CPU engine that wins is named, and so is a peer that did not run', async () => {
  const page = await whole;
  assert.match(page, /resnet50\/224\/1: ort-wasm takes 362 ms on the CPU, 4\.94× as fast as Plumage/);
  assert.match(page, /jax-webgpu is absent: no batch norm in its loader/);
});

test('suites that did not run leave no trace', async () => {
  const page = await reportHtml(empty);
  assert.equal(figures(page), []);
  assert.not.match(page, /<h2|<table|undefined|NaN/);
  const some = await reportHtml({ ...empty, cases: { 'resnet50/224/1': raced('resnet50', 9, {}) } });
  assert.match(some, /<h2 id="resnet50">/);
  assert.not.match(some, /<h2 id="cold">|<figure/);
});

test('text from outside is escaped wherever it stands', async () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const spoiled = raced('resnet50', 10, { [evil]: 20 });
  const cases: Record<string, CaseResult> = {
    [`resnet50/${evil}`]: {
      ...spoiled,
      absent: { [evil]: evil },
      layers: [{ ...layers[0]!, name: evil, kernel: evil }],
      timeline: [{ engine: evil, name: evil, start: 0, end: 5 }],
      memory: { ...resnetMemory(layers), values: [{ label: evil, slot: 0, bytes: 9, first: 0, last: 1 }] },
    },
  };
  const adapter = { ...head.adapter, name: evil };
  const results = withRatios({
    ...empty,
    ceilings: full.ceilings,
    cases,
    adapter,
    browser: evil,
    plumage: evil,
    date: evil,
  });
  const page = await reportHtml(results, results);
  assert.not.match(page, /<img|<[^>]* onerror="/);
  assert.match(page, /&lt;img src=x/);
});

test('a change is marked when all runs of one side are faster than all of the other', () => {
  const { cases, onlyBefore, onlyAfter, warnings } = compareResults(earlier, full);
  assert.equal(
    cases.map(({ name, mark }) => [name, mark]),
    [
      ['resnet50/224/1', 'faster'],
      ['finegrained/paper/224/1', 'same'],
    ],
  );
  assert.is(cases[0]!.percent.toFixed(1), '-20.0');
  assert.is(cases[0]!.peers['tfjs-webgpu']!.before!.toFixed(2), '9.52');
  assert.is(cases[0]!.peers['ort-webgpu']!.before, undefined);
  assert.equal(onlyBefore, ['resnet50/64/1']);
  assert.ok(onlyAfter.includes('cold/resnet50/224/1'));
  assert.equal(warnings, []);
  assert.is(compareResults(full, earlier).cases[0]!.mark, 'slower');
});

test('three runs are too few for a spread, so nothing is marked', () => {
  const runs = (ms: number, count: number) => withRatios({ ...empty, cases: { a: raced('resnet50', ms, {}, count) } });
  assert.is(compareResults(runs(10, 3), runs(20, 4)).cases[0]!.mark, 'same');
  assert.is(compareResults(runs(10, 4), runs(20, 4)).cases[0]!.mark, 'slower');
});

test('the comparison warns of another adapter, browser or precision, and reads well in a terminal', () => {
  const adapter = { ...full.adapter, name: 'RTX' };
  const other = { ...full, browser: 'Chrome/150', precision: 'f16', adapter } as const;
  assert.is(compareResults(earlier, other).warnings.length, 3);
  assert.match(
    compareResults(full, { ...full, ceilings: { ...full.ceilings, fmaGflops: 1 } }).warnings[0]!,
    /FMA peak/,
  );
  const lines = formatComparison(compareResults(earlier, other));
  assert.match(lines[0]!, /^warning: the adapter differs: SwiftShader .* before, RTX/);
  assert.ok(
    lines.some((line) =>
      /^resnet50\/224\/1 +2\.24 s +1\.79 s +-20\.0 % +faster! .*tfjs-webgpu 9\.52× -> 12\.0×/.test(line),
    ),
  );
  assert.equal(formatComparison(compareResults(empty, empty)), ['the two runs have no case in common']);
});

test('results go through JSON unchanged', () => {
  assert.equal(readResults(JSON.stringify(full), 'old.json'), full);
});

test.run();
