// The examples, in a project where the package is installed: each does what its README says.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { ElementHandle } from 'puppeteer-core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { build } from 'vite';
import { consumer, smallModel, smallPhoto } from '../harness/consumer.ts';
import { type ExamplePage, openPage } from '../harness/examplePage.ts';

let copied: Promise<string> | undefined;

/** The examples' folder in the project, with a photo and what vite-react needs beside the package. */
function examples(): Promise<string> {
  copied ??= (async () => {
    const { folder } = await consumer();
    const there = path.join(folder, 'examples');
    await cp('examples', there, { recursive: true });
    for (const name of ['react', 'react-dom', 'vite'])
      await symlink(path.resolve('node_modules', name), path.join(folder, 'node_modules', name));
    await mkdir(path.join(folder, 'files'));
    await writeFile(path.join(folder, 'files/photo.png'), await smallPhoto());
    await writeFile(path.join(folder, 'files/model.safetensors'), smallModel());
    return there;
  })();
  return copied;
}

const photoFile = async () => path.join(await examples(), '../files/photo.png');

async function choosePhoto({ page }: ExamplePage): Promise<void> {
  const input = (await page.waitForSelector('input:not([disabled])')) as ElementHandle<HTMLInputElement>;
  await input.uploadFile(await photoFile());
}

let likeliest = '';

test('node-server: photos are answered, what is none is refused', async () => {
  const folder = await examples();
  const model = path.join(folder, '../files/model.safetensors');
  const server = spawn(process.execPath, [path.join(folder, 'node-server/server.js'), model, '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = (await firstLine(server)).match(/http:\S+$/)![0];
    const post = (body: Uint8Array<ArrayBuffer> | string, query = '') => fetch(url + query, { method: 'POST', body });
    const photo = new Uint8Array(await smallPhoto());
    const answer = await post(photo, '?top=3');
    assert.is(answer.status, 200);
    const { predictions, milliseconds } = (await answer.json()) as {
      predictions: { label: string; probability: number }[];
      milliseconds: number;
    };
    assert.is(predictions.length, 3);
    assert.ok(milliseconds > 0);
    likeliest = `${predictions[0]!.label} ${(100 * predictions[0]!.probability).toFixed(1)} %`;
    assert.match(likeliest, /^class \d \d+\.\d %$/);
    const together = await Promise.all([post(photo), post(photo), post('no photo')]);
    assert.equal(
      together.map(({ status }) => status),
      [200, 200, 400],
    );
    assert.match(((await together[2]!.json()) as { error: string }).error, /photo/);
    assert.is((await fetch(url)).status, 405);
  } finally {
    server.kill();
    await once(server, 'exit');
  }
});

test('plain: under its policy, the same answer as in Node', async () => {
  const page = await openPage({ '/': path.join(await examples(), 'plain') });
  try {
    await choosePhoto(page);
    assert.is(await page.text('li', /%/), likeliest);
    assert.match(await page.text('output', /ms/), /^\d+ ms$/);
    const evaluated = await page.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.evaluated = true';
      document.head.append(script);
      return 'evaluated' in window;
    });
    assert.not(evaluated, 'the policy is in force');
    assert.is(page.complaints.filter((text) => !text.includes('inline script')).join('\n'), '');
  } finally {
    await page.close();
  }
});

test('vite-react: built by Vite, the network in a worker', async () => {
  const root = path.join(await examples(), 'vite-react');
  await build({ root, logLevel: 'error' });
  const page = await openPage({ '/': path.join(root, 'dist') });
  try {
    await choosePhoto(page);
    assert.is((await page.text('li', /%/)).replace(/\s+/g, ' '), likeliest);
    assert.is(page.page.workers().length, 1);
    assert.equal(page.complaints, []);
  } finally {
    await page.close();
  }
});

test('video: frames of the camera, then of a film, some dropped', async () => {
  const page = await openPage({ '/': path.join(await examples(), 'video') });
  try {
    await page.page.waitForSelector('button:not([disabled])');
    await page.page.click('button');
    await page.text('output', /^(class \d [\d.]+ %, ){2}class \d [\d.]+ %; \d+ ms a frame, [1-9]\d* dropped$/);
    await page.page.evaluate(chooseFilm);
    assert.match(await page.page.$eval('video', ({ src }) => src), /^blob:/);
    const before = Number((await page.text('output', /dropped$/)).match(/(\d+) dropped/)![1]);
    await page.text('output', new RegExp(`, (?!${before} )\\d+ dropped$`));
    assert.equal(page.complaints, []);
  } finally {
    await page.close();
  }
});

/** Runs in the page: records a second of a canvas and chooses that as the film. */
async function chooseFilm(): Promise<void> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d')!;
  const recorder = new MediaRecorder(canvas.captureStream(10));
  const parts: Blob[] = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let i = 0; i < 10; i++) {
    context.fillStyle = `hsl(${36 * i} 80% 50%)`;
    context.fillRect(0, 0, canvas.width, canvas.height);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stopped = new Promise((resolve) => {
    recorder.onstop = resolve;
  });
  recorder.stop();
  await stopped;
  const chosen = new DataTransfer();
  chosen.items.add(new File(parts, 'film.webm', { type: 'video/webm' }));
  const input = document.querySelector('input')!;
  input.files = chosen.files;
  input.dispatchEvent(new Event('change'));
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

test.run();
