// A lost device: the model comes back by itself, on the page and in a worker, when the device is destroyed and when the
// browser's GPU process dies. Two models, two tabs, a hidden tab, an end in the middle of a run.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSite, type TestSite, tinyModel } from '../harness/page.ts';

type Plumage = typeof import('../../src/index.ts');
type Engine = Awaited<ReturnType<Plumage['open']>>;
type Model = Awaited<ReturnType<Engine['load']>>;

declare global {
  var lossTest: { engine: Engine; models: Model[]; restored: number; classify(model?: number): Promise<number[]> };
}

let site: TestSite;

/** A page with an engine and two models. */
async function prepared(entry: '/index.js' | '/worker.js') {
  const opened = await site.newPage();
  await opened.page.evaluate(
    async (entry, url) => {
      const { open } = (await import(entry)) as Plumage;
      const engine = await open();
      const models = [await engine.load(url), await engine.load(url)]; // one file: they compile once, and answer alike
      const photo = {
        width: 64,
        height: 64,
        data: new Uint8Array(64 * 64 * 4).map((_, i) => (i % 4 === 3 ? 255 : (i * 7) % 251)),
      };
      globalThis.lossTest = {
        engine,
        models,
        restored: 0,
        async classify(model = 0) {
          const { predictions } = await models[model]!.classify(photo, { top: 6 });
          return predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability);
        },
      };
      engine.addEventListener('restored', () => globalThis.lossTest.restored++);
    },
    entry,
    `${site.server.url}/plain.safetensors`,
  );
  return opened;
}

test.before(async () => {
  site = await openSite();
  site.server.add('/plain.safetensors', tinyModel('plain'));
});

test('device.destroy(): both models answer as before, after one restoration', async () => {
  const { page, problems } = await prepared('/index.js');
  const found = await page.evaluate(async () => {
    const { engine, classify } = globalThis.lossTest;
    const before = [await classify(0), await classify(1)];
    const lost = engine.lost;
    engine.device.gpu.destroy();
    const { reason } = await lost;
    const after = await Promise.all([classify(0), classify(1), classify(0)]);
    const once = globalThis.lossTest.restored;
    // In the middle of runs.
    const running = [classify(0), classify(1), classify(0)];
    engine.device.gpu.destroy();
    const through = await Promise.all(running);
    const twice = globalThis.lossTest.restored;
    // An end, in the middle of a run: the model's waits for it, the engine's does not.
    const last = classify(0);
    await globalThis.lossTest.models[0]!.dispose();
    const answered = await last;
    const cut = classify(1).then(
      () => 'answered',
      (error) => `${error.code}: ${error.message}`,
    );
    engine.dispose();
    return { before, reason, after, once, through, twice, answered, cut: await cut };
  });
  const [first, second] = found.before;
  assert.equal(first, second);
  assert.is(found.reason, 'destroyed');
  assert.equal(found.after, [first, second, first]);
  assert.equal(found.through, [first, second, first]);
  assert.equal([found.once, found.twice], [1, 2]);
  assert.equal(found.answered, first);
  assert.match(found.cut, /^answered$|^lost: /);
  assert.equal(problems, []);
  await page.close();
});

test("the GPU process dies: a worker's model comes back; another tab's too, and a hidden one answers", async () => {
  const [one, other] = [await prepared('/worker.js'), await prepared('/index.js')];
  const classify = ({ page }: typeof one) => page.evaluate(() => globalThis.lossTest.classify());
  const want = await classify(one);
  await one.page.bringToFront(); // the other tab is hidden from now on
  assert.equal(await Promise.all([classify(one), classify(other)]), [want, want]);
  await other.page.evaluate(() => {
    const { engine } = globalThis.lossTest;
    (globalThis as { lostTest?: unknown }).lostTest = engine.lost;
  });
  const debug = await site.browser.target().createCDPSession();
  await debug.send('Browser.crashGpuProcess' as 'Browser.getVersion');
  assert.equal(await classify(one), want);
  assert.equal(await classify(other), want);
  for (const { page } of [one, other]) {
    const { restored, software } = await page.evaluate(() => {
      const { engine, restored } = globalThis.lossTest;
      return { restored, software: engine.adapter.software };
    });
    assert.equal([restored, software], [1, true]);
    await page.close();
  }
});

test('an adapter that was given is used up: one clear line', async () => {
  const { page } = await site.newPage();
  const opening = async (entry: string, url: string) => {
    const { open } = (await import(entry)) as Plumage;
    const adapter = (await navigator.gpu.requestAdapter())!;
    const engine = await open({ adapter });
    const model = await engine.load(url);
    engine.device.gpu.destroy();
    await engine.lost;
    const photo = { width: 8, height: 8, data: new Uint8Array(256) };
    return model.classify(photo).then(
      () => 'answered',
      ({ code, message }) => `${code}: ${message}`,
    );
  };
  const error = await page.evaluate(opening, '/index.js', `${site.server.url}/plain.safetensors`);
  assert.match(
    error,
    /^lost: device lost, and no other one: its adapter was given and is used up - open an engine again$/,
  );
  await page.close();
});

test.after(() => site.close());

test.run();
