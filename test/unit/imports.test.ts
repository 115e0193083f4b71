// The shape of the source: imports go one way through the folders, the page's bundle needs no Node, and files stay short.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** A folder may import what stands before it; src/errors.ts is free for all. */
const order = [
  'shaders',
  'src/kernels',
  'src/graph',
  'src/model',
  'src/gpu',
  'src/formats',
  'src/data',
  'src/report',
  'src/engine',
  'src/train',
  'src/index.ts',
  'src/measure.ts',
  'src/train.ts',
  'src/worker',
  'src/worker.ts',
  'web',
  'src/node',
  'src/node.ts',
  'src/cli',
];

const code = /\.(ts|mjs|wgsl|html|css|py)$/;

function filesIn(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => code.test(name))
      .map((name) => path.posix.join(folder, name.replaceAll('\\', '/'))),
  );
}

/** What a file imports: paths from the project's root, or names of packages as they stand. */
function importsOf(file: string): string[] {
  const found = readFileSync(file, 'utf8').matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'([^']+)'/g);
  return [...found].map(([, name]) =>
    name!.startsWith('.') ? path.posix.join(path.posix.dirname(file), name!) : name!,
  );
}

const rank = (file: string) => order.findIndex((place) => file === place || file.startsWith(`${place}/`));

/** Files reachable from one by imports, and the packages that they name. */
function reach(start: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set([start]);
  const packages = new Set<string>();
  for (const file of files) {
    for (const name of file.endsWith('.ts') ? importsOf(file) : [])
      (/\.(ts|wgsl)$/.test(name) ? files : packages).add(name);
  }
  return { files, packages };
}

const sources = filesIn('src', 'web').filter((file) => /(?<!\.d)\.ts$/.test(file) && file !== 'src/errors.ts');

test('every file of src has its place in the order', () => {
  assert.ok(sources.length > 30, `found ${sources.length} files`);
  assert.equal(
    sources.filter((file) => rank(file) < 0),
    [],
  );
});

test('imports go one way', () => {
  const wrong = sources.flatMap((file) =>
    importsOf(file)
      .filter((name) => /^(src|shaders|test|bench|web|build)\//.test(name) && name !== 'src/errors.ts')
      .filter((name) => rank(name) < 0 || rank(name) > rank(file))
      .map((name) => `${file} imports ${name}`),
  );
  assert.equal(wrong, []);
});

test('src/errors.ts imports nothing', () => {
  assert.equal(importsOf('src/errors.ts'), []);
});

test('only src/gpu and src/node mention GPUDevice; what is pure knows of no GPU type', () => {
  const mentions = (pattern: RegExp, files: string[]) =>
    files.filter((file) => pattern.test(readFileSync(file, 'utf8')));
  assert.equal(
    mentions(
      /\bGPUDevice\b/,
      sources.filter((file) => !/^src\/(gpu|node)\//.test(file)),
    ),
    [],
  );
  const pure = sources.filter((file) => /^src\/(kernels|graph|model|formats|data)\//.test(file));
  assert.equal(mentions(/^(?!\s*(\/\/|\*|\/\*)).*\bGPU[A-Z]\w*/m, pure), []);
});

for (const entry of ['src/index.ts', 'src/measure.ts', 'src/train.ts']) {
  test(`what the page loads needs no Node: ${entry}`, () => {
    const { files, packages } = reach(entry);
    assert.ok(files.has('src/gpu/session.ts') && files.has('shaders/linear.wgsl'), 'the walk finds files');
    assert.equal(
      [...packages].filter((name) => name.startsWith('node:')),
      [],
    );
    assert.equal(
      [...files].filter((file) => /^src\/(node|cli)\b/.test(file)),
      [],
    );
  });
}

test('no file is longer than 300 lines', () => {
  const lines = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').length;
  const long = filesIn('src', 'shaders', 'test', 'build', 'web', 'bench').filter((file) => lines(file) > 300);
  assert.equal(
    long.map((file) => `${file}: ${lines(file)}`),
    [],
  );
});

test.run();
