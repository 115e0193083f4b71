// The test runner. `node test/run.mjs` builds, then runs the unit tests in Node and every GPU test twice: on Dawn in Node
// and, beside that, in headless Chrome, both on SwiftShader; those of whole training steps, which take long, in Node only
// (in Chrome by `long`); and those of pages, which Node drives (`page`), the demo page among them (`demo`).
// `lavapipe` runs the GPU tests on Debian's lavapipe, `package` packs and installs the package and runs README's snippets and
// the examples on it, `long` that and all else that takes longer, `unit` the unit tests only. Fails when a suite fails, runs
// nothing, or has no adapter.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build, buildTests } from '../build/build.mjs';
import { pageSize } from '../build/pageSize.mjs';

const mode = process.argv[2] ?? 'all';
// Small tests leave most of a processor idle, so the browser's suites run beside Node's.
const besides = mode === 'all' ? [chromeGpu('gpu'), nodeOnly('page'), nodeOnly('demo')] : [];
const modes = {
  all: [unit, nodeGpu('gpu', 'swiftshader'), nodeGpu('trainer', 'swiftshader')],
  unit: [unit],
  node: [nodeGpu('gpu', 'swiftshader')],
  chrome: [chromeGpu('gpu')],
  page: [nodeOnly('page')],
  lavapipe: [nodeGpu('gpu', 'lavapipe')],
  demo: [nodeOnly('demo')],
  trainer: [nodeGpu('trainer', 'swiftshader')],
  package: [nodeOnly('package')],
  long: [
    nodeGpu('long', 'swiftshader'),
    chromeGpu('long'),
    chromeGpu('trainer'),
    nodeOnly('longNode'),
    nodeOnly('package'),
  ],
};
const suites = modes[/** @type {keyof typeof modes} */ (mode)];
if (!suites) {
  console.error(`test: mode, got ${mode}, expected one of ${Object.keys(modes).join(', ')}`);
  process.exit(1);
}

await build();
await buildTests();
await writeFile('dist/test/page.html', '<!doctype html><title>Plumage tests</title>');
const size = await pageSize();
console.log(`page bundle: ${(size.minified / 1000).toFixed(1)} KB minified, ${(size.gzip / 1000).toFixed(1)} KB gzip`);

/** @type {{ name: string, total: number, passed: number }[]} */
const results = [];
const others = beside();
for (const suite of suites) results.push(await suite());
results.push(...(await others));

console.log('\nsuites');
for (const { name, total, passed } of results) console.log(`  ${name}: ${passed} of ${total} passed`);
if (mode !== 'long')
  console.log('  not run here: npm run check:long (real weights, 100 runs, photos against torchvision, the package)');
if (mode !== 'lavapipe') console.log('  not run here: npm run test:lavapipe (the GPU tests on the lavapipe adapter)');
const passed = results.reduce((sum, r) => sum + r.passed, 0);
const failed = results.reduce((sum, r) => sum + Math.max(r.total - r.passed, r.total === 0 ? 1 : 0), 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

async function beside() {
  const found = [];
  for (const suite of besides) found.push(await suite(true));
  return found;
}

/** @param {boolean} [later] */
async function unit(later) {
  return run(later, 'unit tests in Node', ['node_modules/uvu/bin.js', 'dist/test/unit', '\\.test\\.js$']);
}

/** @param {string} bundle @param {string} adapter */
function nodeGpu(bundle, adapter) {
  return (/** @type {boolean} */ later = false) =>
    run(later, `${bundle} tests, Dawn in Node, ${adapter}`, [
      'dist/test/node.js',
      path.resolve(`dist/test/${bundle}.js`),
      adapter,
    ]);
}

/** @param {string} bundle */
function chromeGpu(bundle) {
  return (/** @type {boolean} */ later = false) =>
    run(later, `${bundle} tests, headless Chrome, swiftshader`, [
      'dist/test/chrome.js',
      path.resolve(`dist/test/${bundle}.js`),
    ]);
}

/** @param {string} folder */
function nodeOnly(folder) {
  return (/** @type {boolean} */ later = false) =>
    run(later, `${folder} tests in Node`, ['node_modules/uvu/bin.js', `dist/test/${folder}`, '\\.test\\.js$']);
}

/**
 * Runs one suite in its own process and reads uvu's totals off what it prints. `later`: shows that when the suite is done, for
 * another one is writing.
 * @param {boolean | undefined} later @param {string} name @param {string[]} args
 */
async function run(later, name, args) {
  if (!later) console.log(`\n== ${name}`);
  const start = Date.now();
  const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    if (!later) process.stdout.write(chunk);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (later) console.log(`\n== ${name}\n${text}`);
  const plain = stripVTControlCharacters(text);
  const sum = (/** @type {string} */ word) =>
    [...plain.matchAll(new RegExp(`${word}:\\s+(\\d+)`, 'g'))].reduce((a, m) => a + Number(m[1]), 0);
  const total = sum('Total');
  const passed = sum('Passed');
  if (code !== 0) console.log(`exit code ${code}`);
  console.log(`${name}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return { name, total: code !== 0 && total === passed ? total + 1 : total, passed };
}
