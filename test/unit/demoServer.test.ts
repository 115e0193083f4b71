// What the demo page is served with: lists, types, and its policy on all but the benchmark.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { serveDemo } from '../../src/node/demoServer.ts';
import type { FolderServer } from '../../src/node/serve.ts';
import { jpeg, put } from '../harness/datasets.ts';

let folder: string;
let server: FolderServer;
const at = (name: string) => path.join(folder, name);

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-demo-server-'));
  await mkdir(at('page'));
  await mkdir(at('bench'));
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'">`;
  await writeFile(at('page/index.html'), policy);
  await writeFile(at('bench/bench.html'), 'bench');
  await writeFile(at('my birds %.pth'), 'weights');
  await put(at('photo/image.jpg'), await jpeg(8, 8, 1));
  server = await serveDemo({
    page: at('page'),
    models: [{ name: 'my birds %', file: at('my birds %.pth') }],
    samples: [{ name: 'alps', file: at('photo/image.jpg') }],
    bench: { routes: () => ({ '/bench': at('bench') }), mount: (on) => void on.add('/onnx/0', new Uint8Array(3)) },
  });
});
test.after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

const json = async (name: string) => (await fetch(`${server.url}/${name}`)).json();

test('models with their sha256 at addresses that answer', async () => {
  const [model] = await json('models.json');
  const sha256 = createHash('sha256').update('weights').digest('hex');
  assert.equal(model, { name: 'my birds %', url: '/weights/0/my%20birds%20%25.pth', sha256, bytes: 7 });
  assert.is(await (await fetch(server.url + model.url)).text(), 'weights');
});

test('sample photos with their type, and a link to the benchmark', async () => {
  const [sample] = await json('samples.json');
  const response = await fetch(server.url + sample.url);
  assert.is(response.headers.get('content-type'), 'image/jpeg');
  assert.is(response.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(await json('links.json'), [{ name: 'Benchmark', url: 'bench/bench.html' }]);
});

test("the page's policy as a header on all but the benchmark, which needs more", async () => {
  const policyOf = async (name: string) => (await fetch(server.url + name)).headers.get('content-security-policy');
  const policy = "default-src 'none'; script-src 'self'; frame-ancestors 'none'";
  for (const name of ['/', '/models.json', '/samples/alps/image.jpg', '/nothing'])
    assert.is(await policyOf(name), policy);
  assert.is(await policyOf('/bench/bench.html'), null);
});

test('weights that are not there, and a page without a policy, are refused', async () => {
  const refused = (options: Parameters<typeof serveDemo>[0]) =>
    serveDemo(options).then(
      () => 'served',
      (error: Error) => error.message,
    );
  const models = [{ name: 'gone', file: at('gone.pth') }];
  assert.match(
    await refused({ page: at('page'), models, samples: [] }),
    'gone.pth, expected a .safetensors or .pth file',
  );
  await writeFile(at('bench/index.html'), 'no policy');
  assert.match(await refused({ page: at('bench'), models: [], samples: [] }), 'Content-Security-Policy, got none');
});

test.run();
