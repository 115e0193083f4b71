// Weights from an address: progress, what is kept for the next visit, what is refused, and the caller's signal.

import { createHash } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSite, type TestSite, tinyModel } from '../harness/page.ts';

let site: TestSite;
const bytes = tinyModel('plain');
const sha256 = createHash('sha256').update(bytes).digest('hex');

interface Tried {
  readonly classes?: number;
  readonly error?: string;
  /** Progress events by stage, and the last one of each. */
  readonly stages: Record<string, { events: number; done: number; total: number }>;
}

/** load() on a new page. `abortAt`: the stage at whose first event the signal fires, or `before`. */
async function load(
  entry: '/index.js' | '/worker.js',
  path: string,
  options: { sha256?: string; abortAt?: string } = {},
): Promise<Tried> {
  const { page } = await site.newPage();
  try {
    return await page.evaluate(
      async (entry, url, { sha256, abortAt }) => {
        const { open } = (await import(entry)) as typeof import('../../src/index.ts');
        const stages: Tried['stages'] = {};
        const controller = new AbortController();
        if (abortAt === 'before') controller.abort();
        const engine = await open({
          onProgress({ stage, done, total }) {
            if (done < (stages[stage]?.done ?? 0)) throw new Error(`${stage} went back to ${done}`);
            stages[stage] = { events: (stages[stage]?.events ?? 0) + 1, done, total };
            if (stage === abortAt) controller.abort();
          },
        });
        try {
          const model = await engine.load(url, { sha256, signal: controller.signal });
          return { classes: model.config.classes.length, stages };
        } catch (error) {
          const { name, code, message } = error as Error & { code: string };
          return { error: `${name} ${code}: ${message}`, stages };
        } finally {
          await engine.dispose();
        }
      },
      entry,
      `${site.server.url}${path}`,
      options,
    );
  } finally {
    await page.close();
  }
}

test.before(async () => {
  site = await openSite();
  site.server.add('/model.safetensors', bytes);
});

test('progress: bytes of the download, then tensors', async () => {
  const { classes, stages } = await load('/index.js', '/model.safetensors');
  assert.is(classes, 6);
  assert.equal([stages.download!.done, stages.download!.total], [bytes.length, bytes.length]);
  assert.ok(stages.download!.events > 10, `download, got ${stages.download!.events} events`);
  assert.is(stages.check!.done, stages.check!.total);
});

test('another sha256 is refused, and what has it is not kept', async () => {
  const other = '0'.repeat(64);
  const { error } = await load('/index.js', '/model.safetensors', { sha256: other });
  assert.match(
    error!,
    /^PlumageError weights: .*model\.safetensors: sha256, got [0-9a-f]{64}, expected [0-9a-f]{64} - /,
  );
});

test('the second visit fetches nothing: page and worker', async () => {
  const first = await load('/worker.js', '/model.safetensors', { sha256 });
  assert.is(first.stages.download!.done, bytes.length);
  site.server.remove('/model.safetensors'); // from now on a request is a 404
  for (const entry of ['/index.js', '/worker.js'] as const) {
    const { classes, stages, error } = await load(entry, '/model.safetensors', { sha256: sha256.toUpperCase() });
    assert.is(error, undefined);
    assert.is(classes, 6);
    assert.is(stages.download, undefined);
  }
  site.server.add('/model.safetensors', bytes);
});

test('a damaged copy is fetched again', async () => {
  const { page } = await site.newPage();
  await page.evaluate(async (key) => {
    const cache = await caches.open('plumage');
    if (!(await cache.match(key))) throw new Error('nothing is kept');
    await cache.put(key, new Response(new Uint8Array([1, 2, 3])));
  }, `https://plumage.invalid/${sha256}`);
  await page.close();
  const { classes, stages } = await load('/index.js', '/model.safetensors', { sha256 });
  assert.is(classes, 6);
  assert.is(stages.download!.done, bytes.length);
});

for (const [name, path, pattern] of [
  [
    'nothing there',
    '/nothing',
    /^PlumageError network: .*\/nothing: status, got 404, expected 200 - check the address$/,
  ],
  ['a web page', '/page/', /^PlumageError network: .*\/page\/: got a web page \(text\/html\), expected a weights file/],
  ['a text', '/text', /^PlumageError weights: .*\/text: neither a \.safetensors nor a \.pth file/],
  ['nothing in it', '/empty', /^PlumageError weights: .*\/empty: the file is empty/],
  ['a truncated file', '/half', /^PlumageError weights: .*\/half: /],
  ['an address that is none', '//:0', /^PlumageError \w+: /],
] as const) {
  test(`refused: ${name}`, async () => {
    site.server.add('/text', new TextEncoder().encode('weights, honestly'));
    site.server.add('/empty', new Uint8Array(0));
    site.server.add('/half', bytes.subarray(0, bytes.length / 2));
    const { error } = await load('/index.js', path);
    assert.match(error!, pattern);
    assert.not.match(error!, /\n/);
  });
}

for (const abortAt of ['before', 'download', 'check']) {
  for (const entry of ['/index.js', '/worker.js'] as const) {
    test(`the signal stops it: ${abortAt}, ${entry}`, async () => {
      const { error } = await load(entry, '/model.safetensors', { abortAt });
      assert.match(error!, /^PlumageError aborted: .*: stopped by the caller's signal$/);
    });
  }
}

test('a worker whose file is not there, and one that is none of ours: a clear line', async () => {
  const { page } = await site.newPage();
  const errors = await page.evaluate(async (entry) => {
    const { open } = (await import(entry)) as typeof import('../../src/worker.ts');
    const refused = (worker: string) =>
      open({ worker }).then(
        () => 'opened',
        ({ name, code, message }) => `${name} ${code}: ${message}`,
      );
    return [await refused('/nothing.js'), await refused('/text')];
  }, '/worker.js');
  for (const error of errors) {
    assert.match(
      error,
      /^PlumageError network: open: the worker failed, .* - serve engineWorker\.js beside worker\.js/,
    );
  }
  await page.close();
});

test('a worker of another site, which the browser refuses: a clear line', async () => {
  const { page } = await site.newPage();
  const error = await page.evaluate(async (entry) => {
    const { open } = (await import(entry)) as typeof import('../../src/worker.ts');
    return open({ worker: 'https://other.invalid/engineWorker.js' }).then(
      () => 'opened',
      ({ name, code, message }) => `${name} ${code}: ${message}`,
    );
  }, '/worker.js');
  assert.match(
    error,
    /^PlumageError network: open: the worker failed, .*[^.] - serve engineWorker\.js from the page's/,
  );
  assert.not.match(error, /\n/);
  await page.close();
});

test('a worker that is ended: calls under way and later ones end too', async () => {
  const { page } = await site.newPage();
  const found = await page.evaluate(
    async (entry, url) => {
      const { open } = (await import(entry)) as typeof import('../../src/worker.ts');
      const engine = await open();
      const model = await engine.load(url);
      const photo = { width: 8, height: 8, data: new Uint8Array(256) };
      const told = (call: Promise<unknown>) =>
        call.then(
          () => 'done',
          ({ name, code, message }) => `${name} ${code}: ${message}`,
        );
      const { signal } = new AbortController();
      const cut = [told(model.classify(photo)), told(model.classify(photo, { signal })), told(engine.load(url))];
      await Promise.all([engine.dispose(), engine.dispose()]);
      await engine.dispose();
      const late = [told(model.classify(photo, { signal })), told(model.weightBytes()), told(engine.teach([]))];
      return { lost: await Promise.all([...cut, ...late]), model: await told(model.dispose()) };
    },
    '/worker.js',
    `${site.server.url}/model.safetensors`,
  );
  const line = 'PlumageError lost: the engine is disposed of - open an engine again';
  assert.equal(found.lost, Array(6).fill(line));
  assert.is(found.model, 'done');
  await page.close();
});

test('on a page that a service worker answers for: page and worker', async () => {
  const { page, problems } = await site.newPage();
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/page/passOn.js');
    await navigator.serviceWorker.ready;
  });
  await page.reload();
  const found = await page.evaluate(
    async (entries, url) => {
      const photo = { width: 8, height: 8, data: new Uint8Array(256).fill(255) };
      const answers: (string | undefined)[] = [`${navigator.serviceWorker.controller !== null}`];
      for (const entry of entries) {
        const { open } = (await import(entry)) as typeof import('../../src/index.ts');
        const engine = await open();
        const model = await engine.load(url);
        answers.push((await model.classify(photo)).predictions[0]?.label);
        await engine.dispose();
      }
      return answers;
    },
    ['/index.js', '/worker.js'],
    `${site.server.url}/model.safetensors`,
  );
  assert.is(found[0], 'true');
  assert.match(found[1]!, /^class \d$/);
  assert.is(found[2], found[1]);
  assert.equal(problems, []);
  await page.close();
});

test.after(() => site.close());

test.run();
