// Runs a GPU test bundle in headless Chrome on its SwiftShader: `node dist/test/chrome.mjs BUNDLE`.

import path from 'node:path';
import { launchBrowser } from '../../src/node/browser.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { fetchImagenet } from '../../src/node/fetchWeights.ts';
import { serveFolder } from '../../src/node/serve.ts';
import './jsMemory.ts';
import './longWeights.ts';

const bundle = process.argv[2]!;
const server = await serveFolder({ '/': path.dirname(bundle) });
const browser = await launchBrowser({ adapter: 'software', path: process.env.PLUMAGE_BROWSER });
try {
  console.log(`${await browser.version()}, SwiftShader`);
  const page = await browser.newPage();
  page.on('console', (message) => process.stdout.write(message.text()));
  page.on('pageerror', (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  await page.exposeFunction('plumageWeightsUrl', async () =>
    server.add('/weights', await fetchImagenet({ cacheDir: cacheFolder() })),
  );
  await page.exposeFunction('plumageJsMemory', async () => {
    const debug = await page.createCDPSession();
    for (let i = 0; i < 3; i++) await debug.send('HeapProfiler.collectGarbage');
    const { usedSize, backingStorageSize } = await debug.send('Runtime.getHeapUsage');
    await debug.detach();
    return { heap: usedSize, buffers: backingStorageSize };
  });
  await page.goto(`${server.url}/page.html`);
  await page.evaluate(async (name) => {
    globalThis.plumageAdapter = () => navigator.gpu.requestAdapter();
    globalThis.plumageWeights = async () => {
      const response = await fetch(await globalThis.plumageWeightsUrl!());
      return new Uint8Array(await response.arrayBuffer());
    };
    const { runAll } = (await import(`/${name}`)) as { runAll(): Promise<void> };
    await runAll();
  }, path.basename(bundle));
} finally {
  await browser.close();
  await server.close();
}
