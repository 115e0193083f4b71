// Unpacking into the cache: whole or not at all, mended when damaged, and several processes at once.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { create } from 'tar';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { unpackOnce } from '../../src/node/unpack.ts';

let folder: string;
let archives: string[];
const cacheBefore = process.env.PLUMAGE_CACHE;

test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-unpack-'));
  process.env.PLUMAGE_CACHE = join(folder, 'cache');
  await mkdir(join(folder, 'source', 'lib'), { recursive: true });
  await writeFile(join(folder, 'source', 'lib', 'a.so'), 'library');
  await writeFile(join(folder, 'source', 'fonts.conf'), 'theirs');
  await create({ cwd: join(folder, 'source'), file: join(folder, 'some.tar') }, ['lib', 'fonts.conf']);
  await writeFile(join(folder, 'some.tar.br'), brotliCompressSync(await readFile(join(folder, 'some.tar'))));
  await writeFile(join(folder, 'tool.br'), brotliCompressSync(Buffer.from('#!/bin/sh')));
  archives = [join(folder, 'some.tar.br'), join(folder, 'tool.br')];
});
test.after.each(async () => {
  if (cacheBefore === undefined) delete process.env.PLUMAGE_CACHE;
  else process.env.PLUMAGE_CACHE = cacheBefore;
  await rm(folder, { recursive: true });
});

const unpack = () => unpackOnce('thing-1', archives, { 'fonts.conf': 'ours' });

async function expectWhole(path: string): Promise<void> {
  assert.is(path, join(folder, 'cache', 'thing-1'));
  assert.is(await readFile(join(path, 'lib', 'a.so'), 'utf8'), 'library');
  assert.is(await readFile(join(path, 'fonts.conf'), 'utf8'), 'ours');
  assert.is(await readFile(join(path, 'tool'), 'utf8'), '#!/bin/sh');
  if (process.platform !== 'win32') assert.ok((await stat(join(path, 'tool'))).mode & 0o100, 'executable');
  assert.equal(await readdir(join(folder, 'cache')), ['thing-1'], 'nothing else is left');
}

test('unpacks archives, a single file and texts', async () => expectWhole(await unpack()));

test('a whole folder is not written again', async () => {
  const before = await stat(join(await unpack(), 'lib', 'a.so'));
  const after = await stat(join(await unpack(), 'lib', 'a.so'));
  assert.is(after.ino, before.ino);
});

for (const [name, damage] of [
  ['a cut file', (path: string) => truncate(join(path, 'lib', 'a.so'), 3)],
  ['a changed file of the same size', (path: string) => writeFile(join(path, 'lib', 'a.so'), 'LIBRARY')],
  ['a missing file', (path: string) => rm(join(path, 'tool'))],
  ['a damaged manifest', (path: string) => writeFile(join(path, 'manifest.json'), '{"lib')],
  ['a missing manifest', (path: string) => rm(join(path, 'manifest.json'))],
  ['what a killed process left', (path: string) => mkdir(join(`${path}.part`, 'lib', 'a.so'), { recursive: true })],
] as const) {
  test(`${name} is mended`, async () => {
    await damage(await unpack());
    if (name.startsWith('what')) await rm(join(folder, 'cache', 'thing-1'), { recursive: true });
    await expectWhole(await unpack());
  });
}

test('several at once', async () => {
  for (const path of await Promise.all([unpack(), unpack(), unpack()])) await expectWhole(path);
});

test('an archive that is cut off leaves nothing, and a whole one then works', async () => {
  const archive = archives[0]!;
  const whole = await readFile(archive);
  await writeFile(archive, whole.subarray(0, whole.length - 20));
  await refused();
  assert.not.ok((await readdir(join(folder, 'cache'))).includes('thing-1'));
  await writeFile(archive, whole);
  await expectWhole(await unpack());
});

test('a cache folder that cannot be written is one line that says so', async () => {
  await writeFile(join(folder, 'cache'), 'a file in its place');
  await refused();
});

async function refused(): Promise<void> {
  try {
    await unpack();
  } catch (error) {
    assert.instance(error, PlumageError, String(error));
    assert.is((error as PlumageError).code, 'adapter');
    assert.match((error as Error).message, /thing-1: unpacking.*PLUMAGE_CACHE/);
    assert.not.match((error as Error).message, /\n/);
    return;
  }
  assert.unreachable();
}

test.run();
