// `plumage data check`, the built command: counts, what is broken, exit codes.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cubClasses, variants, writeAircraft, writeCub } from '../harness/datasets.ts';

let folder: string;
test.before.each(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-check-'));
});
test.after.each(() => rm(folder, { recursive: true }));

const check = (...args: string[]) => data('check', ...args);

async function data(...args: string[]): Promise<{ code: number | null; out: string; err: string[] }> {
  const child = spawn(process.execPath, ['dist/cli.js', 'data', ...args]);
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  // A slow machine also says there what it is doing.
  const lines = Buffer.concat(err).toString().trim().split('\n');
  return { code, out: Buffer.concat(out).toString(), err: lines.filter((line) => line.startsWith('plumage')) };
}

test('the names of its classes, as plumage init takes them', async () => {
  await writeCub(folder);
  const { code, out, err } = await data('classes', folder, '--dataset', 'cub');
  assert.equal([code, err], [0, []]);
  assert.match(out, /^001\.\S+\n002\.\S+\n/);
  assert.equal((await data('classes', folder, '--dataset', 'cars')).code, 1);
});

test('a whole data set, by the folder above it', async () => {
  const root = await writeCub(folder);
  const { code, out, err } = await check(folder, '--dataset', 'cub', '--workers', '2');
  assert.equal(err, []);
  assert.is(code, 0);
  const lines = out.trimEnd().split('\n');
  assert.is(lines[0], `cub  ${root}`);
  assert.match(out, /^ {2}classes +3$/m);
  assert.match(out, /^ {2}train +6 {2}2 a class$/m);
  assert.match(out, /^ {2}grey +1$/m);
  assert.match(out, /^ {2}smallest +40 x 60 {2}images\/001\.Black_footed_Albatross\/Black_footed_Albatross_0\.jpg$/m);
  assert.match(out, /^ {2}largest +48 x 52 /m);
  assert.match(out, /^ {2}warning {2}train: 6, where the published data set has 5994$/m);
  assert.is(lines.at(-1), 'whole  all 9 images');
});

test('what is broken is listed, and the exit code is 1', async () => {
  const root = await writeCub(folder);
  const image = (label: number, i: number) => {
    return path.join(root, 'images', cubClasses[label]!, `${cubClasses[label]!.slice(4)}_${i}.jpg`);
  };
  const whole = await readFile(image(0, 1));
  await writeFile(image(0, 1), whole.subarray(0, whole.length / 2));
  await unlink(image(2, 8));
  const { code, out, err } = await check(root, '--dataset', 'cub');
  assert.equal(err, []);
  assert.is(code, 1);
  assert.match(out, /^ {2}warning {2}1 images are listed but missing, such as images\/003.*_8\.jpg$/m);
  assert.match(out, /^ {2}broken {2}images\/001.*_1\.jpg: decoding, got .*, expected a whole image - the file is dam/m);
  assert.match(out, /^ {2}broken {2}images\/003.*_8\.jpg: photo, got no such file/m);
  assert.match(out, /^broken {2}2 of 9 images$/m);
  const json = JSON.parse((await check(root, '--dataset', 'cub', '--json')).out);
  assert.equal([json.classes, json.train, json.test, json.images, json.grey], [3, 6, 3, 9, 1]);
  assert.equal(
    json.broken.map(({ file }: { file: string }) => file),
    [image(0, 1), image(2, 8)],
  );
});

test('some classes, and the banner', async () => {
  const names = path.join(folder, 'names.txt');
  await writeAircraft(folder);
  await writeFile(names, `${variants[1]}\n${variants[0]}\n`);
  const { code, out } = await check(folder, '--dataset', 'aircraft', '--classes', names, '--json');
  assert.is(code, 0);
  const { classes, train, test: tested, held, banner, warnings, smallest } = JSON.parse(out);
  assert.equal([classes, train, tested, held, banner], [2, 6, 2, { train: 4, val: 2 }, 20]);
  assert.equal([smallest.width, smallest.height, warnings], [48, 52, []]);
  const tall = await check(folder, '--dataset', 'aircraft', '--banner', '52');
  assert.is(tall.code, 1);
  assert.match(tall.out, /height, got 52 px, expected more than the banner of 52 px/);
});

test('what is no data set is refused in one line', async () => {
  const refusal = async (pattern: RegExp, ...args: string[]) => {
    const { code, out, err } = await check(...args);
    assert.match(err.join('\n'), pattern);
    assert.equal([code, out, err.length], [1, '', 1]);
  };
  const cub = ['--dataset', 'cub'];
  await Promise.all([
    refusal(/^plumage: required option '--dataset <layout>' not specified/, folder),
    refusal(/^plumage: option '--dataset <layout>' argument 'dogs' is invalid/, folder, '--dataset', 'dogs'),
    refusal(/^plumage: .*none: data set, got nothing there/, path.join(folder, 'none'), ...cub),
    refusal(/^plumage: .*images: data set, got nothing there, expected the folder of the images/, folder, ...cub),
    refusal(/^plumage: no\.txt: class names: no such file/, folder, ...cub, '--classes', 'no.txt'),
  ]);
});

test.run();
