// README's snippets, unchanged, in a project where the package is installed: in headless Chrome and in Node, with the same
// answer.

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { consumer, run, smallModel, smallPhoto } from '../harness/consumer.ts';
import { openPage } from '../harness/examplePage.ts';

interface Prediction {
  readonly label: string;
  readonly index: number;
  readonly probability: number;
}

async function snippets(): Promise<readonly [page: string, node: string]> {
  const embed = (await readFile('README.md', 'utf8')).split(/^## /m).find((section) => section.startsWith('Embed'));
  const [page, node] = [...(embed ?? '').matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code!);
  assert.ok(page && node, "README's Embed has two snippets");
  return [page, node];
}

let inNode: Prediction[] = [];

test("README's snippet for Node", async () => {
  const { folder } = await consumer();
  await writeFile(path.join(folder, 'model.safetensors'), smallModel());
  await writeFile(path.join(folder, 'bird.jpg'), await smallPhoto());
  await writeFile(path.join(folder, 'snippet.js'), (await snippets())[1]);
  const { stdout } = await run(process.execPath, ['snippet.js'], { cwd: folder });
  inNode = [...stripVTControlCharacters(stdout).matchAll(/label: '(.*?)', index: (\d+), probability: ([\d.e-]+)/g)].map(
    ([, label, index, probability]) => ({ label: label!, index: Number(index), probability: Number(probability) }),
  );
  assert.is(inNode.length, 5, stdout);
  for (const { label, index } of inNode) assert.is(label, `class ${index}`);
  assert.ok(inNode[0]!.probability > 0.1, `probability of the likeliest, got ${inNode[0]!.probability}`);
});

test("README's snippet for pages, in headless Chrome", async () => {
  const { folder } = await consumer();
  const site = path.join(folder, 'site');
  const imports = { plumage: '/node_modules/plumage/dist/index.js' };
  await mkdir(site);
  await writeFile(path.join(site, 'snippet.js'), (await snippets())[0]);
  await writeFile(path.join(site, 'bird.jpg'), await smallPhoto());
  await writeFile(
    path.join(site, 'index.html'),
    `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><img src="bird.jpg">
     <script type="module" src="snippet.js"></script>`,
  );
  const page = await openPage({ '/': site });
  try {
    const inPage = (await page.logged()) as Prediction[];
    assert.equal(
      inPage.map(({ index }) => index),
      inNode.map(({ index }) => index),
    );
    inPage.forEach(({ label, probability }, i) => {
      assert.is(label, inNode[i]!.label);
      assert.ok(Math.abs(probability - inNode[i]!.probability) < 1e-5, `${probability} and ${inNode[i]!.probability}`);
    });
  } finally {
    await page.close();
  }
});

test.run();
