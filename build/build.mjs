// The build. `node build/build.mjs` bundles the engine, the Node entry, the command, the demo page and the page's host into
// dist/; `node build/build.mjs package` does so for npm, without source maps and with declarations in dist/types; `node
// build/build.mjs bench` bundles the benchmark instead, and `buildTests` the tests. Node 20 runs no TypeScript, so everything
// that runs is a bundle.
import { chmod, copyFile, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { emitTypes } from './types.mjs';
import { wgslPlugin } from './wgslPlugin.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
  outdir: 'dist',
  loader: { '.bin': 'binary', '.png': 'binary' },
  plugins: [wgslPlugin()],
};

/** For pages and workers: everything inside. @type {import('esbuild').BuildOptions} */
const forPage = { ...common, platform: 'browser', target: 'es2022', minify: true };

/** For Node: packages stay imports. @type {import('esbuild').BuildOptions} */
const forNode = { ...common, platform: 'node', target: 'node20', packages: 'external' };

/** The package's entries, `./index` being `plumage` itself. */
const entries = {
  index: 'src/index.ts',
  measure: 'src/measure.ts',
  node: 'src/node.ts',
  train: 'src/train.ts',
  worker: 'src/worker.ts',
};

/** @param {{ sourcemap?: boolean }} [options] */
export async function build({ sourcemap = true } = {}) {
  await removeShared();
  // One build of all entries, so that they share classes: an error of one is `instanceof PlumageError` of another.
  const external = ['node:*', ...(await dependencies())];
  const parts = { entryPoints: entries, splitting: true, chunkNames: 'shared-[hash]', external };
  await esbuild.build({ ...forPage, ...parts, sourcemap });
  // One file each: bundlers and servers have to move the worker's.
  const alone = { engineWorker: 'src/worker/engineWorker.ts', host: 'web/host.ts' };
  await esbuild.build({ ...forPage, entryPoints: alone, sourcemap });
  await copyFile(path.join(root, 'web/host.html'), path.join(root, 'dist/host.html'));
  await esbuild.build({ ...forNode, entryPoints: { decodeWorker: 'src/node/decodeWorker.ts' }, sourcemap });
  const command = { entryPoints: { cli: 'src/cli/main.ts' }, banner: { js: '#!/usr/bin/env node' } };
  await esbuild.build({ ...forNode, ...command, sourcemap });
  await chmod(path.join(root, 'dist/cli.js'), 0o755);
  await buildDemo(sourcemap);
}

/** The demo page: a folder that any server may serve. @param {boolean} sourcemap */
async function buildDemo(sourcemap) {
  const outdir = 'dist/demo';
  await rm(path.join(root, outdir), { recursive: true, force: true });
  const entryPoints = {
    demo: 'web/demo/demo.ts',
    engineWorker: 'src/worker/engineWorker.ts',
    style: 'web/demo/style.css',
  };
  await esbuild.build({ ...forPage, entryPoints, outdir, splitting: true, chunkNames: 'shared-[hash]', sourcemap });
  for (const name of ['index.html', 'icon.svg']) {
    await copyFile(path.join(root, 'web/demo', name), path.join(root, outdir, name));
  }
}

/** What `npm pack` packs. */
async function buildPackage() {
  await build({ sourcemap: false });
  await emitTypes(Object.keys(entries));
}

/** Packages that come with this one. */
async function dependencies() {
  return Object.keys(JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).dependencies);
}

/** The benchmark: the driver for Node, and the page, which loads each engine's code only when that engine runs. */
export async function buildBench() {
  const outdir = 'dist/bench';
  await rm(path.join(root, outdir), { recursive: true, force: true });
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const define = { PLUMAGE_VERSION: JSON.stringify(version) };
  const parts = { main: 'bench/main.ts', nodeRunner: 'bench/nodeRunner.ts', mount: 'bench/mount.ts' };
  // Split, so that Node does not load engines that only pages can.
  await esbuild.build({ ...forNode, entryPoints: parts, outdir, define, splitting: true, chunkNames: 'node-[hash]' });
  await esbuild.build({ ...forPage, entryPoints: { page: 'bench/page.ts' }, outdir, splitting: true, define });
  await copyFile(path.join(root, 'bench/bench.html'), path.join(root, outdir, 'bench.html'));
}

/** Test bundles: every unit test for Node, all GPU tests in one file for Node and page alike, and their runners. */
export async function buildTests() {
  await rm(path.join(root, 'dist/test'), { recursive: true, force: true });
  // Split, as the benchmark is: its tests load no engine that only pages can.
  const unit = { entryPoints: await testFiles('unit'), outdir: 'dist/test/unit', chunkNames: 'shared-[hash]' };
  await esbuild.build({ ...forNode, ...unit, splitting: true });
  await esbuild.build({ ...forNode, entryPoints: await testFiles('longNode'), outdir: 'dist/test/longNode' });
  // Split, so that they share one project that uses the package.
  const users = { entryPoints: await testFiles('package'), outdir: 'dist/test/package', chunkNames: 'shared-[hash]' };
  await esbuild.build({ ...forNode, ...users, splitting: true });
  await esbuild.build({ ...forNode, entryPoints: await testFiles('page'), outdir: 'dist/test/page' });
  await esbuild.build({ ...forNode, entryPoints: await testFiles('demo'), outdir: 'dist/test/demo' });
  const runners = { node: 'test/harness/runNode.ts', chrome: 'test/harness/runChrome.ts' };
  await esbuild.build({ ...forNode, entryPoints: runners, outdir: 'dist/test' });
  const folders = ['kernels', 'ops', 'gradients', 'model'];
  await gpuBundle('gpu', (await Promise.all(folders.map(testFiles))).flat());
  await gpuBundle('trainer', await testFiles('trainer'));
  await gpuBundle('long', await testFiles('long'));
}

/** One file of suites that exports `runAll`, for Node and page. @param {string} name @param {string[]} files */
async function gpuBundle(name, files) {
  const imports = files.map((file) => `import 'suite:${file}'; import './${file}';`);
  const contents = [...imports, `export { exec as runAll } from 'uvu';`].join('\n');
  await esbuild.build({
    ...common,
    stdin: { contents, resolveDir: root, loader: 'ts' },
    outfile: `dist/test/${name}.js`,
    outdir: undefined,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['import'],
    target: 'es2022',
    banner: { js: 'globalThis.UVU_DEFER = 1; globalThis.UVU_QUEUE = [];' },
    plugins: [wgslPlugin(), suitePlugin()],
  });
}

/** `import 'suite:test/kernels/x.test.ts'` begins a group of that name, as uvu's command does. @returns {import('esbuild').Plugin} */
function suitePlugin() {
  return {
    name: 'suite',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^suite:/ }, ({ path: name }) => ({ path: name.slice(6), namespace: 'suite' }));
      onLoad({ filter: /.*/, namespace: 'suite' }, ({ path: name }) => ({
        contents: `globalThis.UVU_INDEX = globalThis.UVU_QUEUE.push([${JSON.stringify(name)}]) - 1`,
      }));
    },
  };
}

/** @param {string} folder */
async function testFiles(folder) {
  const names = await readdir(path.join(root, 'test', folder)).catch(() => []);
  return names.filter((name) => name.endsWith('.test.ts')).map((name) => `test/${folder}/${name}`);
}

/** Chunks of earlier builds, whose names have other hashes. */
async function removeShared() {
  const names = await readdir(path.join(root, 'dist')).catch(() => []);
  for (const name of names) if (name.startsWith('shared-')) await rm(path.join(root, 'dist', name));
}

const commands = { build, bench: buildBench, package: buildPackage };
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await commands[/** @type {keyof typeof commands} */ (process.argv[2] ?? 'build')]();
}
