// Kept kernel choices in Node: a file that may be missing, damaged or of other kernels, written whole or not at all.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keepChoices, readChoices } from '../../src/engine/choices.ts';
import { adapterKey } from '../../src/gpu/device.ts';
import { choicesPath, clearChoices, keepInFile, keptChoices } from '../../src/node/choices.ts';
import { rejected } from '../harness/refused.ts';

let folder: string;
const before = process.env.PLUMAGE_CACHE;

test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-choices-'));
  process.env.PLUMAGE_CACHE = join(folder, 'cache');
});
test.after.each(() => rm(folder, { recursive: true }));
test.after(() => {
  if (before === undefined) delete process.env.PLUMAGE_CACHE;
  else process.env.PLUMAGE_CACHE = before;
});

const info = (description: string) => ({ vendor: 'v', architecture: 'a', device: 'd', description }) as GPUAdapterInfo;
const adapter = (description: string) => ({ info: info(description) }) as GPUAdapter;
const [one, two] = [adapter('driver 1'), adapter('driver 2')];
const keyOf = (each: GPUAdapter) => adapterKey(each.info);
const silent = () => assert.unreachable('no warning');

test('what is kept for an adapter and its driver is read again, and for no other', async () => {
  assert.equal(await keptChoices(one, silent), {});
  assert.is(await keepInFile(keyOf(one), { conv: 'a' }, silent), choicesPath());
  assert.equal(await keptChoices(one, silent), { conv: 'a' });
  assert.equal(await keptChoices(two, silent), {});
  await keepInFile(keyOf(one), { conv: 'b' }, silent);
  assert.equal(await keptChoices(one, silent), { conv: 'b' });
});

test('writers at the same time lose nothing and leave nothing behind', async () => {
  const names = Array.from({ length: 8 }, (_, i) => `driver ${i}`);
  await Promise.all(names.map((name) => keepInFile(keyOf(adapter(name)), { conv: name }, silent)));
  for (const name of names) assert.equal(await keptChoices(adapter(name), silent), { conv: name });
  assert.equal(await readdir(join(folder, 'cache')), ['kernel-choices.json']);
});

test('a damaged file is ignored with one line, and replaced', async () => {
  await keepInFile(keyOf(one), { conv: 'a' });
  const whole = await readFile(choicesPath(), 'utf8');
  for (const damaged of [whole.slice(0, -20), '', 'null', '[]', '{"adapters":7}', '\0\0']) {
    await writeFile(choicesPath(), damaged);
    const lines: string[] = [];
    assert.equal(await keptChoices(one, (line) => lines.push(line)), {});
    assert.is(lines.length, 1, damaged);
    assert.match(lines[0]!, /^[^\n]*kernel-choices\.json: ignored, [^\n]+ - run plumage tune again$/);
  }
  await keepInFile(keyOf(one), { conv: 'b' }, () => {});
  assert.equal(await keptChoices(one, silent), { conv: 'b' });
});

test('choices of other kernels, and what is none, are not taken', async () => {
  await keepInFile(keyOf(one), { conv: 'a' });
  const whole = await readFile(choicesPath(), 'utf8');
  const { fingerprint } = (JSON.parse(whole) as { adapters: Record<string, { fingerprint: string }> }).adapters[
    keyOf(one)
  ]!;
  assert.match(fingerprint, /^[0-9a-f]{16}$/);
  for (const other of [
    whole.replace(fingerprint, '0'.repeat(16)),
    whole.replace('"a"', '7'),
    whole.replace('"a"', '{}'),
  ]) {
    assert.is.not(other, whole);
    await writeFile(choicesPath(), other);
    assert.equal(await keptChoices(one, silent), {});
  }
});

test('a folder that cannot be written is told in one line', async () => {
  await writeFile(join(folder, 'cache'), 'a file where the folder should be');
  await rejected(
    keepInFile(keyOf(one), {}, () => {}),
    'input',
    /cannot be written: .* - set PLUMAGE_CACHE/,
  );
  assert.is(await readFile(join(folder, 'cache'), 'utf8'), 'a file where the folder should be');
});

test('clear: how many adapters there were, also in a damaged file', async () => {
  assert.is(await clearChoices(), undefined);
  await keepInFile(keyOf(one), { conv: 'a' });
  await keepInFile(keyOf(two), { conv: 'a' });
  assert.is(await clearChoices(), 2);
  assert.is(await clearChoices(), undefined);
  await mkdir(join(folder, 'cache'), { recursive: true });
  await writeFile(choicesPath(), '{');
  assert.is(await clearChoices(), 0);
  assert.equal(await readdir(join(folder, 'cache')), []);
});

test('without IndexedDB nothing is kept and nothing fails', async () => {
  await keepChoices('key', { conv: 'a' });
  assert.is(await readChoices('key'), undefined);
});

test.run();
