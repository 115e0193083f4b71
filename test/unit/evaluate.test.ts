// From JPEGs on disk to an evaluation and a table, on a hashed model of two classes: shards merged are the unsharded run.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvHead, mergeCsv, readCsvPart } from '../../src/cli/classifyCsv.ts';
import { classifyPhotos } from '../../src/cli/classifyFolder.ts';
import { evaluate } from '../../src/cli/eval.ts';
import { photosIn } from '../../src/cli/photoFolder.ts';
import { Progress } from '../../src/cli/progress.ts';
import {
  type EvaluationFacts,
  evaluation,
  evaluationText,
  isRead,
  mergeEvaluations,
} from '../../src/data/evaluation.ts';
import { ofShard } from '../../src/data/shards.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import type { ModelConfig, PlumageConfig } from '../../src/model/config.ts';
import { presets } from '../../src/model/presets.ts';
import { type Dataset, openDataset } from '../../src/node/datasets/dataset.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { openRuntime, type Runtime } from '../../src/node/runtime.ts';
import { jpeg, put } from '../harness/datasets.ts';
import { hashedModel } from '../harness/hashedFinegrained.ts';

const classes = ['a, "quoted"', 'b'];
const SHARDS = 3;
/** Errors of photos are part of the results. */
class Quiet extends Progress {
  override error(): void {}
}
const progress = new Quiet();

let folder: string;
let dataset: Dataset;
let runtime: Runtime;
let config: ModelConfig;

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-eval-'));
  for (const [i, name] of classes.entries()) {
    await put(path.join(folder, 'set/train', name, '0.jpg'), await jpeg(40, 40, i + 1));
    for (const j of [0, 1])
      await put(path.join(folder, 'set/test', name, `${j}.jpg`), await jpeg(30 + 9 * i, 50, 9 * i + j + 1));
  }
  const whole = await jpeg(60, 60, 77);
  // All of the last shard.
  for (const j of [2, 3]) await put(path.join(folder, `set/test/b/${j}.jpg`), whole.subarray(0, whole.length / 2));
  dataset = await openDataset('folder', path.join(folder, 'set'));

  const { tiny } = presets;
  const made: PlumageConfig = {
    ...tiny,
    attention: 'none',
    variant: 'v1.5',
    eps: 1e-5,
    preprocessing: 'torchvision',
    size: 32,
    classes,
  };
  const tensors = new Map(Object.entries(hashedModel(made)));
  const file = path.join(folder, 'tiny.safetensors');
  await writeFile(file, writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(made) } }));
  runtime = await openRuntime({ runtime: 'node', adapter: 'swiftshader' });
  config = await runtime.load(file);
});
test.after(async () => {
  await runtime?.close();
  await rm(folder, { recursive: true });
});

const parts = Array.from({ length: SHARDS }, (_, i) => ({ fingerprint: 'f00d', shard: i + 1, of: SHARDS }));

test('eval: shards merged are the unsharded run, byte for byte, and the decisions are those of classify', async () => {
  const facts: EvaluationFacts = {
    ...{ model: 'tiny', network: config.model, data: dataset.root, dataset: dataset.kind, split: 'test' },
    ...{ banner: 0, precision: 'f32', adapters: [runtime.adapter.name], classes },
  };
  const { results } = await evaluate({ runtime, config }, dataset, dataset.test, progress);
  const whole = evaluation(facts, results);
  assert.equal([whole.metrics.images, whole.unread, results.length], [4, 2, 6]);
  const broken = results.find((image) => !isRead(image));
  assert.is(broken?.file, 'test/b/2.jpg');
  assert.is(whole.metrics.top5, 1);

  const read = [];
  for (const part of parts) {
    const own = { made: 'eval' as const, ...part };
    const { results: some } = await evaluate({ runtime, config }, dataset, ofShard(dataset.test, part), progress, true);
    read.push({ file: `${part.shard}.json`, facts: own, content: evaluation(facts, some, own) });
  }
  assert.is(evaluationText(mergeEvaluations(read)), evaluationText(whole));

  for (const image of results.filter(isRead).slice(0, 1)) {
    const said = await runtime.classify(await decodePhoto(path.join(dataset.root, image.file)), 4);
    assert.equal(
      said.map(({ index }) => index),
      image.top,
    );
    assert.ok(Math.abs(said[0]!.probability - image.probability) < 1e-5);
  }
});

test('classify: tables of shards merged are the unsharded table, byte for byte', async () => {
  const { photos } = await photosIn(path.join(dataset.root, 'test'));
  const table = async (some: readonly string[], head: string, shard?: string) => {
    let text = head;
    const write = (rows: string) => {
      text += rows;
    };
    await classifyPhotos(runtime, path.join(dataset.root, 'test'), some, { top: 2, banner: 0, shard }, write, progress);
    return text;
  };
  const whole = await table(photos, csvHead());
  assert.match(whole, /\nb\/2\.jpg,,,\n/);
  assert.match(whole, /\n"a, ""quoted""\/0\.jpg",/);
  assert.is(whole.trim().split('\n').length, 1 + 2 * 4 + 2);
  const read = [];
  for (const part of parts) {
    const text = await table(ofShard(photos, part), csvHead({ made: 'classify', ...part }), `${part.shard}/${part.of}`);
    read.push(readCsvPart(text, `${part.shard}.csv`));
  }
  assert.is(mergeCsv(read.reverse()), whole);
});

test.run();
