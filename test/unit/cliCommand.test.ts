// The built command itself, where it needs no GPU: help, errors in one line with exit code 1, nothing half-written.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { replaceFile } from '../../src/cli/replaceFile.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { refused } from '../harness/refused.ts';

let folder: string;

test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-cli-'));
});
test.after.each(() => rm(folder, { recursive: true }));

interface Outcome {
  code: number | null;
  out: string;
  err: string;
}

function start(args: string[], env: Record<string, string> = {}): { child: ChildProcess; outcome: Promise<Outcome> } {
  const variables = { ...process.env, PLUMAGE_CACHE: join(folder, 'cache'), ...env };
  const child = spawn(process.execPath, ['dist/cli.js', ...args], { env: variables });
  const outcome = { code: null as number | null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    outcome.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    outcome.err += chunk;
  });
  const ended = new Promise<Outcome>((resolve) => child.on('close', (code) => resolve({ ...outcome, code })));
  return { child, outcome: ended };
}

const plumage = (...args: string[]) => start(args).outcome;

/** Exit code 1, nothing on stdout, one line on stderr that matches. */
async function fails(pattern: RegExp, ...args: string[]): Promise<void> {
  const { code, out, err } = await plumage(...args);
  assert.match(err, pattern);
  assert.is(err.trim().split('\n').length, 1, err);
  assert.is(out, '');
  assert.is(code, 1);
}

test('every command has a help with an example', async () => {
  const commands = [
    ...[
      'classify',
      'data',
      'doctor',
      'eval',
      'export',
      'gradcheck',
      'info',
      'init',
      'merge',
      'run',
      'train',
      'tune',
      'watch',
    ],
    'weights',
    ...['data check', 'weights fetch', 'weights convert', 'weights list'],
  ];
  const helps = await Promise.all(commands.map((command) => plumage(...command.split(' '), '--help')));
  for (const [i, { code, out, err }] of helps.entries()) {
    assert.match(out, new RegExp(`^Usage: plumage ${commands[i]}`));
    assert.match(out, `$ plumage ${commands[i]}`);
    assert.is(err, '');
    assert.is(code, 0);
  }
});

test('wrong commands, options and values are refused in one line', async () => {
  await Promise.all([
    fails(/^plumage: unknown command 'clasify' \(Did you mean classify\?\)/, 'clasify'),
    fails(/^plumage: unknown option '--tpo' \(Did you mean --top\?\)/, 'classify', '--tpo', '3'),
    fails(/^plumage: option '--top <n>' argument '0' is invalid/, 'classify', '--top', '0'),
    fails(/^plumage: option '--runtime <runtime>' argument 'deno'/, 'classify', '--runtime', 'deno'),
    fails(/^plumage: option '--precision <precision>' argument 'f64'/, 'info', 'imagenet', '--precision', 'f64'),
    fails(/^plumage: missing required argument 'in'/, 'weights', 'convert'),
    fails(/^plumage: option '--eps <number>' argument '2'/, 'weights', 'convert', 'a', 'b', '--eps', '2'),
  ]);
});

test('photos that cannot be read cost no download and no adapter', async () => {
  const empty = join(folder, 'empty.jpg');
  await writeFile(empty, '');
  const { code, out, err } = await plumage('classify', empty, 'nothere.png');
  assert.is(code, 1);
  assert.is(out, '');
  const lines = err.trim().split('\n');
  assert.is(lines.length, 2);
  assert.match(lines[0]!, /^plumage: .*empty\.jpg: .*0 bytes/);
  assert.match(lines[1]!, /^plumage: nothere\.png: .*no such file/);
  assert.equal(await readdir(folder), ['empty.jpg']);
});

test('--json puts the errors of photos into its one object', async () => {
  const { code, out } = await plumage('classify', 'nothere.png', '--json');
  assert.is(code, 1);
  const { images, ...rest } = JSON.parse(out);
  assert.equal(rest, { adapter: null, precision: 'f32', milliseconds: null });
  assert.equal(Object.keys(images[0]), ['file', 'error']);
  assert.is(images[0].file, 'nothere.png');
});

test('bad files are refused in one line and nothing is written', async () => {
  const text = join(folder, 'text.pth');
  const other = join(folder, 'other.safetensors');
  await writeFile(text, 'this is no weights file');
  await writeFile(other, writeSafetensors({ tensors: new Map(), metadata: {} }));
  const to = join(folder, 'out.safetensors');
  await Promise.all([
    fails(/^plumage: no\.pth: weights: no such file/, 'weights', 'convert', 'no.pth', to),
    fails(/^plumage: .*text\.pth: neither a \.safetensors nor a \.pth file/, 'weights', 'convert', text, to),
    fails(/^plumage: .*other\.safetensors: metadata key plumage, got nothing/, 'weights', 'convert', other, to),
    fails(/^plumage: no\.txt: class names: no such file/, 'weights', 'convert', text, to, '--classes', 'no.txt'),
    fails(/^plumage: .*text\.pth: neither/, 'info', text),
    fails(/^plumage: no\.safetensors: input: no such file/, 'run', '--input', 'no.safetensors', '--output', to),
    fails(
      /^plumage: .*other\.safetensors: tensors, got \(\), expected only x/,
      'run',
      '--input',
      other,
      '--output',
      to,
    ),
  ]);
  assert.equal((await readdir(folder)).sort(), ['other.safetensors', 'text.pth']);
});

test('--precision f16 is refused in one line where the adapter cannot', async () => {
  const [x, to] = [join(folder, 'x.safetensors'), join(folder, 'y.safetensors')];
  const tensors = new Map([['x', { shape: [1, 32, 32, 3], data: new Float32Array(32 * 32 * 3) }]]);
  await writeFile(x, writeSafetensors({ tensors, metadata: {} }));
  const files = ['--model', x, '--input', x, '--output', to];
  const { code, err } = await plumage('run', ...files, '--adapter', 'swiftshader', '--precision', 'f16');
  const ours = err.split('\n').filter((line) => line.startsWith('plumage')); // Dawn has words of its own on some systems
  assert.is(ours.length, 1, err);
  assert.match(
    ours[0]!,
    /SwiftShader.*: precision, got f16, expected f32, for the adapter has no shader-f16 - use f32/,
  );
  assert.is(code, 1);
  assert.not((await readdir(folder)).includes('y.safetensors'));
});

test('PLUMAGE_DEBUG adds the stack', async () => {
  const { err } = await start(['info', 'no.pth'], { PLUMAGE_DEBUG: '1' }).outcome;
  assert.match(err, /no such file.*\n +at /);
});

test('a file is replaced whole or not at all', async () => {
  const file = join(folder, 'a.safetensors');
  await writeFile(file, 'before');
  replaceFile(file, new TextEncoder().encode('after'));
  assert.is(await readFile(file, 'utf8'), 'after');
  await mkdir(join(folder, 'taken'));
  refused(() => replaceFile(join(folder, 'taken'), new Uint8Array(8)), 'input', /taken: cannot be written: E/);
  refused(() => replaceFile(join(folder, 'none', 'a'), new Uint8Array(8)), 'input', /cannot be written: ENOENT/);
  assert.equal((await readdir(folder)).sort(), ['a.safetensors', 'taken']);
});

test('weights list shows an empty cache, and then a file in it', async () => {
  assert.match((await plumage('weights', 'list')).out, /cache\n {2}empty\n$/);
  await mkdir(join(folder, 'cache'));
  await writeFile(join(folder, 'cache', 'imagenet-resnet50.safetensors'), 'x'.repeat(1500));
  assert.match(
    (await plumage('weights', 'list')).out,
    /imagenet-resnet50\.safetensors {2}1\.5 kB {2}--model imagenet\n/,
  );
});

test('Ctrl-C while fetching exits with 130 and leaves no file', async () => {
  // A registry that takes the connection and says nothing.
  let asked = () => {};
  const connected = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const server = createServer(() => asked());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { child, outcome } = start(['weights', 'fetch'], { npm_config_registry: registry });
    await connected;
    child.kill('SIGINT');
    const { code, out, err } = await outcome;
    assert.is(code, 130);
    assert.is(out, '');
    assert.match(err, /plumage: .*was stopped/);
    assert.equal(await readdir(join(folder, 'cache')), []);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test.run();
