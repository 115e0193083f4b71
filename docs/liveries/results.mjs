// What came out of the study beside this file: prints the table of its README.md, and draws curves and confusion
// matrix, named by epochs and batch (curves-2x48.png).
//   node docs/liveries/results.mjs OUT
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const [out] = process.argv.slice(2);
if (out === undefined) {
  console.error('results: OUT, got nothing, expected the folder that study.sh wrote to');
  process.exit(1);
}

const networks = ['lite-both', 'lite-none', 'plain'];
const names = networks.flatMap((network) => [1, 2].map((seed) => `${network}-${seed}`));
const json = (/** @type {string} */ text) => JSON.parse(text);
const runs = names.map((name) => {
  const read = (/** @type {string} */ file) => readFileSync(path.join(out, name, file), 'utf8');
  const events = read('metrics.jsonl').trimEnd().split('\n').map(json);
  const of = (/** @type {string} */ kind) => events.filter((event) => event.kind === kind);
  const seconds = of('epoch').reduce((sum, event) => sum + event.seconds, 0);
  const losses = of('step').map((event) => event.loss);
  const epoch = of('run')[0].stepsPerEpoch;
  const [twin, moved] = ['twin.json', 'moved.json'].map((file) => json(read(file)));
  return { name, epoch, losses, test: of('evaluation').at(-1), seconds, twin, moved };
});

const { recipe } = json(readFileSync(path.join(out, names[0], 'config.json'), 'utf8'));
const plan = `${recipe.epochs}x${recipe.batch}`;

const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)} %`;
const mean = (/** @type {number[]} */ values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const error = (/** @type {number} */ share, /** @type {number} */ images) => Math.sqrt((share * (1 - share)) / images);
const heads = [
  'run',
  'right, Plumage',
  'its weights in the twin',
  'right, twin',
  'right, twin moved by 1e-7',
  'difference',
  '2 SE of it',
  '2 SE of one',
];
console.log(`| ${[...heads, 'loss of the last epoch, Plumage', 'twin', 'minutes'].join(' | ')} |`);
console.log(`|${'---|'.repeat(heads.length + 3)}`);
for (const { name, epoch, losses, test, twin, moved, seconds } of runs) {
  const [ours, theirs] = [error(test.top1, test.images), error(twin.top1, test.images)];
  const difference = Math.abs(test.top1 - twin.top1);
  const shares = [test.top1, twin.plumage, twin.top1, moved.top1, difference, 2 * Math.hypot(ours, theirs), 2 * ours];
  const cells = shares.map(percent);
  const late = [losses, twin.losses].map((each) => mean(each.slice(-epoch)).toFixed(2));
  console.log(`| ${[name, ...cells, ...late, (seconds / 60).toFixed(1)].join(' | ')} |`);
}
const spread = (/** @type {number[]} */ values) =>
  `${(100 * Math.sqrt(mean(values.map((each) => each ** 2)))).toFixed(1)} points`;
const [ours, own] = [
  runs.map(({ test, twin }) => test.top1 - twin.top1),
  runs.map(({ moved, twin }) => moved.top1 - twin.top1),
];
console.log(`from the twin, root mean square: Plumage ${spread(ours)}, the twin moved by 1e-7 ${spread(own)}`);
const apart = runs.map(({ losses, twin }) => losses.map((loss, i) => Math.abs(loss / twin.losses[i] - 1)));
for (const step of [0, 1, 4, 9]) {
  const worst = Math.max(...apart.map((each) => each[step]));
  console.log(`losses of step ${step + 1}: at most ${worst.toExponential(1)} apart, relative, over the six runs`);
}

// The charts are the report's own.
const modules = ['lines', 'page', 'html'].map((name) => `export * from './src/report/${name}.ts';`).join('\n');
const bundle = path.join(here, '../../dist/study.mjs');
const stdin = { contents: modules, resolveDir: path.join(here, '../..'), loader: /** @type {const} */ ('ts') };
await esbuild.build({ stdin, bundle: true, format: 'esm', platform: 'node', outfile: bundle });
const { lineFigure, page, html } = await import(pathToFileURL(bundle).href);
const colors = { 1: 'var(--k1)', 2: 'var(--k2)' };
const figures = networks.map((network) => {
  const lines = [1, 2].flatMap((seed) => {
    const { losses, twin } = runs.find(({ name }) => name === `${network}-${seed}`) ?? runs[0];
    const points = (/** @type {number[]} */ values) => values.map((value, i) => [i + 1, value]);
    return [
      {
        name: `seed ${seed}, twin`,
        color: colors[/** @type {1 | 2} */ (seed)],
        points: points(twin.losses),
        look: 'faint',
      },
      { name: `seed ${seed}, Plumage`, color: colors[/** @type {1 | 2} */ (seed)], points: points(losses) },
    ];
  });
  const caption = 'Total loss of each step, Plumage on lavapipe and the PyTorch twin on the same batches.';
  const table = { columns: [{ title: 'step' }], rows: [] };
  return lineFigure({ title: network, caption, x: 'step', y: 'loss', lines, table });
});
const curves = page('Curves', html`<main>${figures}</main>`, 'details { display: none }');

const { launchBrowser } = await import('../../dist/node.js');
const browser = await launchBrowser({ adapter: 'software' });
try {
  const tab = await browser.newPage();
  const draw = async (/** @type {string} */ text, /** @type {string} */ selector, /** @type {string} */ file) => {
    await tab.setViewport({ width: 1010, height: 900, deviceScaleFactor: 1 });
    await tab.setContent(text);
    const element = await tab.$(selector);
    writeFileSync(path.join(here, file), (await element?.screenshot({ type: 'png' })) ?? '');
    console.log(`docs/liveries/${file}`);
  };
  await draw(curves, 'main', `curves-${plan}.png`);
  await draw(readFileSync(path.join(out, 'lite-both-1', 'eval.html'), 'utf8'), 'figure', `confusion-${plan}.png`);
} finally {
  await browser.close();
}
