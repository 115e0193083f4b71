// The benchmark in Node: how ONNX Runtime is held to the adapter that ours has taken.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ortEnvironment } from '../../bench/ortNode.ts';
import { type AdapterCandidate, choose } from '../../src/node/adapter.ts';
import { rejected } from '../harness/refused.ts';

const candidate = (name: string, fields: Partial<AdapterCandidate> = {}): AdapterCandidate => ({
  ...{ name, backend: 'vulkan', vendor: 'v', architecture: 'a', description: `driver of ${name}`, type: 'gpu' },
  ...{ embedded: false, chosen: false, why: '' },
  ...fields,
});
const [one, other] = [candidate('one'), candidate('other')];
const embedded = candidate('SwiftShader', { type: 'software', embedded: true });

let folder: string;
test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-drivers-'));
  for (const name of ['a.json', 'b.json']) await writeFile(path.join(folder, name), '{}');
  process.env.VK_DRIVER_FILES = ['a.json', 'b.json'].map((name) => path.join(folder, name)).join(':');
});
test.after(async () => {
  delete process.env.VK_DRIVER_FILES;
  await rm(folder, { recursive: true });
});

/** What is found with each of the two drivers alone; the embedded adapter is always there. */
const found = (a: AdapterCandidate[], b: AdapterCandidate[]) => async (env: Readonly<Record<string, string>>) =>
  choose([...(env.VK_DRIVER_FILES!.endsWith('a.json') ? a : b), embedded].map((each) => ({ ...each })));

if (process.platform === 'linux') {
  test('the driver that offers our adapter and no other', async () => {
    const report = choose([one, other, embedded], 'other');
    const env = await ortEnvironment(report, found([one], [other]));
    assert.is(env.VK_DRIVER_FILES, path.join(folder, 'b.json'));
    assert.is(env.VK_ICD_FILENAMES, env.VK_DRIVER_FILES);
  });

  test('two adapters of one driver, or none: refused with the name of ours', async () => {
    const report = choose([one, other, embedded], 'one');
    for (const probe of [found([one, other], []), found([], [])]) {
      await rejected(ortEnvironment(report, probe), 'adapter', /cannot be held to our adapter, one: no Vulkan driver/);
    }
  });

  test('the embedded SwiftShader by its own manifest', async () => {
    const env = await ortEnvironment(choose([one, embedded], 'swiftshader'), found([], []));
    assert.match(env.VK_DRIVER_FILES!, /swiftshader/i);
  });
}

test.run();
