// Runs a GPU test bundle on Dawn in Node: `node dist/test/node.mjs BUNDLE [ADAPTER]`.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { openAdapter, releaseAdapters } from '../../src/node/adapter.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { fetchImagenet } from '../../src/node/fetchWeights.ts';
import './jsMemory.ts';
import './longWeights.ts';

const [bundle, adapter] = process.argv.slice(2);
const { report } = await openAdapter({ adapter });
console.log(`Dawn in Node on ${report.chosen.name}`);
globalThis.plumageAdapter = async () => (await openAdapter({ adapter })).adapter;
globalThis.plumageWeights = async () => readFile(await fetchImagenet({ cacheDir: cacheFolder() }));
globalThis.plumageJsMemory = async () => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!(); // by --expose-gc
    await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run in between
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
};
const { runAll } = (await import(pathToFileURL(bundle!).href)) as { runAll(): Promise<void> };
await runAll();
releaseAdapters();
process.exit(); // devices of failed tests may still be open
