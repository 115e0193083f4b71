// The static server: what it serves, what it must never serve, and that it closes.
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { type FolderServer, serveFolder } from '../../src/node/serve.ts';

let folder: string;
let server: FolderServer;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-serve-'));
  await mkdir(join(folder, 'dist', 'deep'), { recursive: true });
  await mkdir(join(folder, 'dist-secret'));
  await writeFile(join(folder, 'dist', 'index.html'), '<p>page');
  await writeFile(join(folder, 'dist', 'a @b,%.js'), '1;');
  await writeFile(join(folder, 'dist', 'deep', 'x.wasm'), 'wasm');
  await writeFile(join(folder, 'dist-secret', 'key'), 'secret');
  await writeFile(join(folder, 'secret'), 'secret');
  await writeFile(join(folder, 'w.safetensors'), 'weights');
  server = await serveFolder({
    '/': join(folder, 'dist'),
    '/more': join(folder, 'dist', 'deep'),
    '/w': join(folder, 'w.safetensors'),
  });
});

test.after(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

for (const [path, text, type] of [
  ['/', '<p>page', 'text/html;charset=utf-8'],
  ['/index.html?x=1', '<p>page', 'text/html;charset=utf-8'],
  ['/a%20@b,%25.js', '1;', 'text/javascript'],
  ['/deep/x.wasm', 'wasm', 'application/wasm'],
  ['/more/x.wasm', 'wasm', 'application/wasm'],
  ['/w', 'weights', 'application/octet-stream'],
] as const) {
  test(`GET ${path}`, async () => {
    const response = await fetch(server.url + path);
    assert.is(response.status, 200);
    assert.is(response.headers.get('content-type'), type);
    assert.is(response.headers.get('cross-origin-embedder-policy'), 'require-corp');
    assert.is(await response.text(), text);
  });
}

test('bytes and files can be added and removed', async () => {
  const bytes = new Uint8Array([0, 255, 7]);
  const url = server.add('/files/0', bytes);
  assert.equal(new Uint8Array(await (await fetch(url)).arrayBuffer()), bytes);
  server.remove('/files/0');
  assert.is((await fetch(url)).status, 404);
  const file = server.add('/files/1', join(folder, 'w.safetensors'));
  assert.is(await (await fetch(file)).text(), 'weights');
  const gone = server.add('/files/2', join(folder, 'gone'));
  assert.is((await fetch(gone)).status, 404);
});

// Sent raw, for fetch() would tidy the path before sending it.
for (const path of [
  '/../secret',
  '/%2e%2e/secret',
  '/..%2fsecret',
  '/../dist-secret/key',
  '/%2e%2e/dist-secret/key',
  '/..%5csecret',
  '/deep/../../secret',
  '/more/../../secret',
  '//../secret',
  '/%',
  '/%00',
  '/secret',
  'http://127.0.0.1/../secret',
  '/deep',
  '/deep/',
  '/nothing',
]) {
  test(`refuses ${path}`, async () => {
    const reply = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(reply, /^HTTP\/1\.1 40[04]/);
    assert.not.match(reply, /\r\n\r\nsecret/);
  });
}

test('bytes that are made when they are first asked for are made once; where that fails the answer is 500', async () => {
  let made = 0;
  const url = server.add('/files/3', async () => new Uint8Array([++made]));
  assert.is(made, 0);
  const answers = await Promise.all([fetch(url), fetch(url)]);
  for (const answer of answers) assert.equal(new Uint8Array(await answer.arrayBuffer()), new Uint8Array([1]));
  const failing = server.add('/files/4', () => Promise.reject(new Error('no')));
  assert.is((await fetch(failing)).status, 500);
});

for (const range of ['bytes=9-1', 'bytes=1-2', 'bytes=-1', 'bytes=99-']) {
  test(`the whole file is the answer to Range: ${range}`, async () => {
    const response = await fetch(`${server.url}/deep/x.wasm`, { headers: { Range: range } });
    assert.is(response.status, 200);
    assert.is(await response.text(), 'wasm');
  });
}

test('a file that cannot be looked at or opened, and bytes that cannot be made, end one answer and not the server', async () => {
  await symlink('loop', join(folder, 'loop'));
  assert.is((await fetch(server.add('/files/5', join(folder, 'loop')))).status, 500);
  const failing = server.add('/files/6', () => {
    throw new Error('no');
  });
  assert.is((await fetch(failing)).status, 500);
  const socket = createServer(); // its file is there, but opens for nobody
  await new Promise<void>((done) => socket.listen(join(folder, 'dist', 'socket'), done));
  const ended = await fetch(`${server.url}/socket`).then(
    (response) => response.text(),
    () => 'cut off',
  );
  assert.is(ended, 'cut off');
  await new Promise((done) => socket.close(done));
  assert.is(await (await fetch(`${server.url}/w`)).text(), 'weights');
});

test('a port of the caller and headers by path; a port that is taken is refused', async () => {
  const headers = (path: string) => ({ 'X-Path': path.length > 1 ? 'deep' : 'root' });
  const other = await serveFolder({ '/': join(folder, 'dist') }, { headers });
  const port = Number(new URL(other.url).port);
  assert.is((await fetch(other.url)).headers.get('x-path'), 'root');
  assert.is((await fetch(`${other.url}/deep/x.wasm`)).headers.get('x-path'), 'deep');
  const again = await serveFolder({ '/': folder }, { port }).then(
    () => 'served',
    (error: PlumageError) => error.message,
  );
  assert.match(again, `port, got ${port}`);
  await other.close();
  const free = await serveFolder({ '/': folder }, { port });
  assert.is(free.url, other.url);
  await free.close();
});

test('only GET and HEAD', async () => {
  assert.is((await fetch(`${server.url}/w`, { method: 'POST', body: 'x' })).status, 405);
  const head = await fetch(`${server.url}/w`, { method: 'HEAD' });
  assert.is(head.headers.get('content-length'), '7');
  assert.is(await head.text(), '');
});

test('a route to nothing is refused', async () => {
  try {
    await serveFolder({ '/': join(folder, 'missing') });
    assert.unreachable();
  } catch (error) {
    assert.instance(error, PlumageError);
    assert.match((error as Error).message, 'missing');
  }
});

test('closes although a connection is open', async () => {
  const other = await serveFolder({ '/': join(folder, 'dist') });
  await (await fetch(other.url)).text(); // keep-alive
  await other.close();
  let failed = false;
  await fetch(other.url).catch(() => {
    failed = true;
  });
  assert.ok(failed);
});

function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(server.url);
  return new Promise((done, fail) => {
    let reply = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on('data', (chunk) => {
      reply += chunk;
    });
    socket.on('end', () => done(reply));
    socket.on('error', fail);
  });
}

test.run();
