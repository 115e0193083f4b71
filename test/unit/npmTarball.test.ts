// npm's own client against a small registry on this machine: npm's settings are obeyed and its cache stays untouched.

import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { npmTarball } from '../../src/node/npmTarball.ts';

const content = new Uint8Array(300_000).map((_, i) => i * 7);
const served = { bytes: content, cut: 0, requests: 0, token: '' };
const server = createServer((request, response) => {
  const { port } = server.address() as AddressInfo;
  if (request.url === '/small') {
    const dist = {
      tarball: `http://127.0.0.1:${port}/small/-/small-1.0.0.tgz`,
      integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
    };
    response.end(JSON.stringify({ name: 'small', versions: { '1.0.0': { name: 'small', version: '1.0.0', dist } } }));
  } else if (request.url === '/small/-/small-1.0.0.tgz') {
    served.requests++;
    served.token = request.headers.authorization ?? '';
    response.setHeader('content-length', served.bytes.length);
    if (!served.cut) response.end(served.bytes);
    else response.write(served.bytes.subarray(0, served.cut), () => response.destroy());
  } else {
    response.statusCode = 404;
    response.end('{}');
  }
});

const test = suite('npmTarball');
const before = { ...process.env };
let folder = '';
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, {
    npm_config_registry: `http://${host}/`,
    [`npm_config_//${host}/:_authToken`]: 'secret',
    npm_config_cache: folder,
    npm_config_noproxy: '127.0.0.1',
  });
});
test.after(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function fetchAll(spec: string, signal?: AbortSignal, onChunk?: () => void): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await npmTarball(spec)(async (stream) => {
    for await (const chunk of stream) {
      parts.push(chunk);
      onChunk?.();
    }
  }, signal);
  return Buffer.concat(parts);
}

test('the bytes come from the configured registry, with its token, and no copy is kept', async () => {
  delete process.env.npm_config_user_agent;
  const environment = { ...process.env };
  assert.ok((await fetchAll('small@1.0.0')).equals(content));
  assert.is(served.requests, 1);
  assert.is(served.token, 'Bearer secret');
  assert.equal(await readdir(folder), []);
  // npm's library sets its user agent for child processes; nothing else of npm's settings may leak there.
  delete process.env.npm_config_user_agent;
  assert.equal({ ...process.env }, environment);
});

test('a tarball that differs from what the registry lists is refused', async () => {
  served.bytes = content.map((byte, i) => (i === 9 ? byte + 1 : byte));
  const error = await fetchAll('small@1.0.0').catch((e: unknown) => e);
  served.bytes = content;
  assert.match(String(error), /integrity|sha512/i);
});

test('a connection that breaks off is an error, not a short file', async () => {
  served.cut = 100_000;
  const error = await fetchAll('small@1.0.0').catch((e: unknown) => e);
  served.cut = 0;
  assert.instance(error, Error);
});

test('an unknown package, the offline setting and a signal are errors', async () => {
  assert.match(String(await fetchAll('absent@1.0.0').catch((e: unknown) => e)), /404/);
  process.env.npm_config_offline = 'true';
  assert.match(String(await fetchAll('small@1.0.0').catch((e: unknown) => e)), /offline/);
  delete process.env.npm_config_offline;
  const controller = new AbortController();
  const error = await fetchAll('small@1.0.0', controller.signal, () => controller.abort()).catch((e: unknown) => e);
  assert.instance(error, Error);
});

test.run();
