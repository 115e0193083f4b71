// The package as users get it: what is in the tarball, its types, and what it costs a page.

import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { consumer, leftovers, run } from '../harness/consumer.ts';

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

const installed = async (file: string) =>
  readFile(path.join((await consumer()).folder, 'node_modules/plumage', file), 'utf8');
const manifest = async () => JSON.parse(await installed('package.json')) as Manifest;

test('the tarball holds what users need and nothing else', async () => {
  const { files, size, times } = await consumer();
  console.log(
    `packed ${(size / 1000).toFixed(1)} kB, ${files.length} files; pack ${times.pack} ms, install ${times.install} ms`,
  );
  const wanted = [
    /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
    /^docs\/([\w-]+\/)*[\w-]+\.md$/,
    /^dist\/(cli|decodeWorker|engineWorker|host|index|measure|node|train|worker|shared-[A-Z0-9]{8})\.js$/,
    /^dist\/host\.html$/,
    /^dist\/demo\/((demo|engineWorker|shared-[A-Z0-9]{8})\.js|index\.html|style\.css|icon\.svg)$/,
    /^dist\/types\/([\w-]+\/)*\w+\.d\.ts$/,
  ];
  const stray = files.filter((file) => !wanted.some((pattern) => pattern.test(file)));
  assert.equal(stray, []);
  const left = files.filter((file) => leftovers.includes(file));
  assert.equal(left, []);
  for (const file of [
    'LICENSE',
    'README.md',
    'dist/cli.js',
    'dist/host.html',
    'dist/decodeWorker.js',
    'dist/demo/index.html',
  ])
    assert.ok(files.includes(file), file);
  assert.ok(size < 550_000, `bytes of the tarball, got ${size}, expected less than 550 000`);
});

test('every entry is exported, with its types', async () => {
  const { files } = await consumer();
  const { exports } = await manifest();
  const targets = Object.values(exports).flatMap((target) =>
    Object.values(typeof target === 'string' ? { target } : target),
  );
  assert.equal(
    targets.map((target) => target.slice(2)).filter((target) => !files.includes(target)),
    [],
  );
  const entries = Object.keys(exports).filter((name) => name !== './package.json');
  const sources = await Promise.all(
    ['index', 'worker', 'measure', 'train', 'node'].map(async (name) => {
      const there = await readFile(`src/${name}.ts`).catch(() => undefined);
      return there ? [name === 'index' ? '.' : `./${name}`] : [];
    }),
  );
  assert.equal(entries.sort(), sources.flat().sort());
});

test('no file of the package names a folder of the machine that packed it, or a source map', async () => {
  const { files } = await consumer();
  for (const file of files) {
    const text = await installed(file);
    assert.not.match(text, process.cwd(), file);
    if (file.startsWith('dist/')) assert.not.match(text, /sourceMappingURL=\w/, file);
  }
});

const compilers = [
  ['TypeScript 7', 'bundler'],
  ['TypeScript 7', 'nodenext'],
  ['TypeScript 5', 'nodenext'],
] as const;
for (const [name, moduleResolution] of compilers) {
  test(`a program type-checks, ${name}, ${moduleResolution}`, async () => {
    const { folder } = await consumer();
    await cp('test/package/consumer.ts', path.join(folder, 'consumer.ts'));
    const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext';
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      target: 'es2022',
      module,
      moduleResolution,
      types: ['node'],
      typeRoots: [path.resolve('node_modules/@types')],
    };
    const config = JSON.stringify({ compilerOptions, files: ['consumer.ts'] });
    await writeFile(path.join(folder, 'tsconfig.json'), config);
    // Its own is the older one.
    const program = path.join(name === 'TypeScript 5' ? folder : '', 'node_modules/typescript/bin/tsc');
    const compile = run(process.execPath, [path.resolve(program), '-p', folder]);
    const errors = await compile.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    assert.is(errors, '');
  });
}

test('bundled for a page it needs no Node, no package, no wasm and no eval', async () => {
  const { folder } = await consumer();
  const forPages = Object.keys((await manifest()).exports).filter((name) => !/node|package\.json/.test(name));
  assert.ok(forPages.length >= 2, forPages.join());
  for (const name of forPages) {
    const contents = `export * from '${name.replace('.', 'plumage')}';`;
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: folder },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    });
    const text = outputFiles.map((file) => file.text).join('\n');
    assert.ok(text.length > 5000, `${name} is there`);
    assert.not.match(text, /["'`]node:|WebAssembly|\beval\(|\bnew Function\b|\brequire\(/, name);
  }
});

test('errors of one entry are PlumageError of another', async () => {
  const { folder } = await consumer();
  const program = `
    import { PlumageError } from 'plumage';
    import { decodePhoto } from 'plumage/node';
    const error = await decodePhoto('no such file.jpg').catch((error) => error);
    console.log([error instanceof PlumageError, error.code].join(' '));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { cwd: folder });
  assert.is(stdout.trim(), 'true input');
});

test('the command runs from the package', async () => {
  const { folder } = await consumer();
  const { stdout } = await run('npx', ['plumage', '--version'], { cwd: folder });
  const { version } = JSON.parse(await installed('package.json')) as { version: string };
  assert.match(stdout, new RegExp(`^${version}\\b|\\b${version}\\b`));
});

test.run();
