// The test runner. `node test/run.mjs` builds, then runs the unit tests in Node and every GPU test twice: on Dawn in Node
// and in headless Chrome, both on SwiftShader; the trainer's, which take long, in Node only (in Chrome by `long`).
// `lavapipe` runs the GPU tests on Debian's lavapipe, `long` what takes longer, `unit` the unit tests only. Fails when a
// suite fails, runs nothing, or has no adapter.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { build, buildTests, pageSize } from '../build/build.mjs';

const mode = process.argv[2] ?? 'all';
const modes = {
  all: [unit, nodeGpu('gpu', 'swiftshader'), nodeGpu('trainer', 'swiftshader'), chromeGpu('gpu')],
  unit: [unit],
  node: [nodeGpu('gpu', 'swiftshader')],
  chrome: [chromeGpu('gpu')],
  lavapipe: [nodeGpu('gpu', 'lavapipe')],
  trainer: [nodeGpu('trainer', 'swiftshader')],
  long: [nodeGpu('long', 'swiftshader'), chromeGpu('long'), chromeGpu('trainer'), nodeOnly('longNode')],
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
for (const suite of suites) results.push(await suite());

console.log('\nsuites');
for (const { name, total, passed } of results) console.log(`  ${name}: ${passed} of ${total} passed`);
if (mode !== 'long')
  console.log('  not run here: npm run check:long (real weights, 100 runs, photos against torchvision)');
if (mode !== 'lavapipe') console.log('  not run here: npm run test:lavapipe (the GPU tests on the lavapipe adapter)');
const passed = results.reduce((sum, r) => sum + r.passed, 0);
const failed = results.reduce((sum, r) => sum + Math.max(r.total - r.passed, r.total === 0 ? 1 : 0), 0);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

async function unit() {
  return run('unit tests in Node', ['node_modules/uvu/bin.js', 'dist/test/unit', '\\.test\\.js$']);
}

/** @param {string} bundle @param {string} adapter */
function nodeGpu(bundle, adapter) {
  return () =>
    run(`${bundle} tests, Dawn in Node, ${adapter}`, [
      'dist/test/node.js',
      path.resolve(`dist/test/${bundle}.js`),
      adapter,
    ]);
}

/** @param {string} bundle */
function chromeGpu(bundle) {
  return () =>
    run(`${bundle} tests, headless Chrome, swiftshader`, [
      'dist/test/chrome.js',
      path.resolve(`dist/test/${bundle}.js`),
    ]);
}

/** @param {string} folder */
function nodeOnly(folder) {
  return () => run(`${folder} tests in Node`, ['node_modules/uvu/bin.js', `dist/test/${folder}`, '\\.test\\.js$']);
}

/**
 * Runs one suite in its own process and reads uvu's totals off what it prints.
 * @param {string} name @param {string[]} args
 */
async function run(name, args) {
  console.log(`\n== ${name}`);
  const start = Date.now();
  const child = spawn(process.execPath, ['--enable-source-maps', '--expose-gc', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
    process.stdout.write(chunk);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const plain = stripVTControlCharacters(text);
  const sum = (/** @type {string} */ word) =>
    [...plain.matchAll(new RegExp(`${word}:\\s+(\\d+)`, 'g'))].reduce((a, m) => a + Number(m[1]), 0);
  const total = sum('Total');
  const passed = sum('Passed');
  if (code !== 0) console.log(`exit code ${code}`);
  console.log(`${name}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
  return { name, total: code !== 0 && total === passed ? total + 1 : total, passed };
}
