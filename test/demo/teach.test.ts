// "Teach it your classes" as a visitor uses it: photos into bins, training, the head to a file and back.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Head } from '../../src/train/head.ts';
import { type DemoPage, type DemoPlace, demoPlace, PATIENCE } from '../harness/demo.ts';

let place: DemoPlace;
let demo: DemoPage;
let saved: string;

test.before(async () => {
  place = await demoPlace();
  demo = await place.open();
  saved = await mkdtemp(path.join(tmpdir(), 'plumage-head-'));
  await demo.answer();
});
test.after(async () => {
  await place.close();
  await rm(saved, { recursive: true });
});

const trainable = () => demo.page.$eval('#train', (button) => !(button as HTMLButtonElement).disabled);
const thumbs = (bin: number) => demo.page.$$eval(`.bin:nth-child(${bin}) .thumbs img`, (images) => images.length);

test('photos by picker and drop; what cannot be decoded is refused by name, and one can be taken out again', async () => {
  assert.not(await trainable());
  await demo.page.type('.bin:nth-child(1) input[type=text]', 'red');
  await demo.upload('#files-Class-1', ...place.photos.slice(0, 3), await place.file('torn.jpg', 'no photo'));
  await demo.until('the refusal', () => !document.querySelector<HTMLElement>('#alert')!.hidden);
  assert.match(await demo.text('#alert-text'), /^torn\.jpg: cannot be decoded/);
  assert.is(await thumbs(1), 3);
  assert.not(await trainable(), 'one class is not enough');
  await demo.page.click('#alert-close');
  await demo.upload('#files-Class-2', ...place.photos.slice(3, 5));
  await demo.page.evaluate(async () => {
    const blob = await (await fetch('samples/sample-1/1.jpg')).blob();
    const data = new DataTransfer();
    data.items.add(new File([blob], 'dropped.jpg', { type: 'image/jpeg' }));
    const bin = document.querySelectorAll('.bin')[1]!;
    for (const type of ['dragover', 'drop']) {
      bin.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
    }
  });
  await demo.until('three photos', () => document.querySelectorAll('.bin:nth-child(2) .thumbs img').length === 3);
  assert.match(await demo.page.$eval('#picture', (image) => (image as HTMLImageElement).alt), /sample-0$/);
  await demo.page.click('.bin:nth-child(2) .thumbs button[aria-label="Remove dropped.jpg"]');
  assert.is(await thumbs(2), 2);
  assert.ok(await trainable());
});

test('classes of the same name cannot be trained', async () => {
  await demo.page.type('.bin:nth-child(2) input[type=text]', 'red');
  assert.not(await trainable());
  await demo.page.type('.bin:nth-child(2) input[type=text]', ' kite');
  assert.ok(await trainable());
});

test('trains, says how good it is, and the photo is classified by the head', async () => {
  const own = await demo.answer();
  await demo.page.click('#train');
  assert.is(await demo.text('#train'), 'Stop');
  await demo.until('the outcome', () => document.querySelector('#outcome')!.textContent !== '');
  assert.match(
    await demo.text('#outcome'),
    /^Taught 2 classes from 5 photos in [\d.]+ m?s\. Heads taught without them name [0-5] of 5 photos rightly\. Of the 5 it was shown it names 5 rightly\.$/,
  );
  await demo.until('the answer', () => /2 classes you taught it/.test(document.querySelector('#by')!.textContent!));
  const lines = await demo.answer();
  assert.is(lines.length, 2);
  assert.match(lines[0]!, /^red[\d.]+ %$/, 'the first sample is a photo of the first bin');
  await demo.page.click('#own-classes');
  await demo.until('the own classes', () => !/taught/.test(document.querySelector('#by')!.textContent!));
  assert.equal(await demo.answer(), own);
});

test('the head is saved, and loaded again it answers the same', async () => {
  const client = await place.browser.target().createCDPSession();
  await client.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: saved });
  await demo.page.click('#save-head');
  const file = path.join(saved, 'head.safetensors');
  for (const end = Date.now() + PATIENCE; !(await readdir(saved)).includes('head.safetensors'); ) {
    assert.ok(Date.now() < end, 'nothing was saved');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const head = Head.read(await readFile(file));
  assert.equal(head.classes, ['red', 'red kite']);
  assert.is(head.base, 'branches, 64 px');

  await demo.upload('#head-file', file);
  await demo.until('the loaded head', () =>
    /2 classes you taught it/.test(document.querySelector('#by')!.textContent!),
  );
  assert.is(await demo.text('#outcome'), 'head.safetensors: 2 classes, taught on features of branches, 64 px.');
  assert.match((await demo.answer())[0]!, /^red[\d.]+ %$/);
});

test('a head of other features, and a file that is none, are refused in one line', async () => {
  await demo.page.select('#model', 'plain');
  await demo.until('the plain model', () => document.querySelector('#by')!.textContent === 'plain, 7 classes');
  assert.not(await demo.shown('#save-head'), 'what was taught was of other features');
  await demo.upload('#head-file', path.join(saved, 'head.safetensors'));
  await demo.until('the refusal', () => !document.querySelector<HTMLElement>('#alert')!.hidden);
  assert.match(await demo.text('#alert-text'), /features, got 2048, expected 192/);
  assert.is(await demo.text('#by'), 'plain, 7 classes');
  await demo.page.click('#alert-close');
  await demo.upload('#head-file', `${place.folder}/plain.safetensors`);
  await demo.until('the refusal', () => !document.querySelector<HTMLElement>('#alert')!.hidden);
  assert.match(await demo.text('#alert-text'), /^plain\.safetensors: .*head/);
  assert.equal(demo.complaints, []);
});

test.run();
