// The demo page as a visitor uses it: photos in, maps, layers, models, errors. On SwiftShader, with networks of 64 px.

import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DemoPage, type DemoPlace, demoPlace } from '../harness/demo.ts';

let place: DemoPlace;
let demo: DemoPage;

test.before(async () => {
  place = await demoPlace();
  demo = await place.open();
});
test.after(() => place.close());

test('opens with the first model and the first sample, and says what computes', async () => {
  const lines = await demo.answer();
  assert.is(lines.length, 5);
  for (const line of lines) assert.match(line, /^class \d[<\d.]+ %$/);
  assert.match(await demo.text('#badge'), /swiftshader software$/i);
  assert.match(await demo.text('#software'), /is a software adapter/);
  assert.is(await demo.text('#by'), 'branches, 6 classes');
  assert.is(await demo.page.$eval('#samples button', (button) => button.ariaPressed), 'true');
  await demo.until('the times of both runs', () => !document.querySelector('#times')!.textContent!.includes('…'));
});

test('three branches over the photo: chosen by keyboard, as strong as the slider says', async () => {
  assert.equal(await demo.page.$$eval('#map-choices label', (labels) => labels.map((label) => label.textContent)), [
    'Branch 1',
    'Branch 2',
    'Branch 3',
  ]);
  const pixels = () => demo.page.$eval('#heat', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const third = await pixels();
  assert.match(await demo.text('#caption'), /^Branch 3: 2 x 2 cells, peak [\d.]+ times the mean/);
  await demo.page.focus('#map-choices input:checked');
  await demo.page.keyboard.press('ArrowLeft');
  assert.match(await demo.text('#caption'), /^Branch 2: 4 x 4 cells/);
  assert.is.not(await pixels(), third);
  const over = await demo.page.$eval('#heat', (canvas) => canvas.ariaLabel);
  assert.match(
    over!,
    /^Branch 2 over the photo, 4 x 4 cells: strongest at the (top|middle|bottom) (left|centre|right)$/,
  );
  await demo.page.focus('#opacity');
  await demo.page.keyboard.press('Home');
  assert.is(await demo.text('#opacity-value'), '0 %');
  const opacity = () => demo.page.$eval('#heat', (canvas) => getComputedStyle(canvas).opacity);
  assert.is(await opacity(), '0');
  await demo.page.keyboard.press('End');
  assert.is(await opacity(), '1');
});

test('a photo by the picker, by drop and by paste', async () => {
  await demo.upload('#file', place.photos[2]!);
  await demo.until('the picked photo', () =>
    document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('2.jpg'),
  );
  await demo.answer();
  assert.is(await demo.page.$('#samples button[aria-pressed="true"]'), null);

  await demo.page.evaluate(async () => {
    const blob = await (await fetch('samples/sample-1/1.jpg')).blob();
    const data = new DataTransfer();
    data.items.add(new File([blob], 'dropped.jpg', { type: 'image/jpeg' }));
    const target = document.querySelector('#stage')!;
    for (const type of ['dragover', 'drop']) {
      target.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
    }
  });
  await demo.until('the dropped photo', () =>
    document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('dropped.jpg'),
  );
  await demo.answer();
  assert.not(await demo.shown('#drop'));

  await demo.page.evaluate(async () => {
    const blob = await (await fetch('samples/sample-0/0.jpg')).blob();
    const data = new DataTransfer();
    data.items.add(new File([blob], 'pasted.jpg', { type: 'image/jpeg' }));
    document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: data }));
  });
  await demo.until('the pasted photo', () =>
    document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('pasted.jpg'),
  );
  await demo.answer();
});

test('layers are timed on request and read by keyboard, pointer and table', async () => {
  await demo.page.click('#time-layers');
  await demo.until('the strip', () => !document.querySelector<HTMLElement>('#layers-result')!.hidden);
  const rows = await demo.page.$$eval('#layers-table tbody tr', (all) => all.length);
  const segments = await demo.page.$$eval('.segment', (all) => all.map((each) => each.getBoundingClientRect().width));
  assert.ok(rows > 60, `${rows} rows`);
  assert.is(segments.length, rows);
  assert.match(await demo.text('#layers-lead'), new RegExp(`^${rows} dispatches, [\\d.]+ (s|ms) in all`));
  const value = () => demo.page.$eval('#strip', (strip) => [strip.ariaValueNow, strip.ariaValueText]);
  await demo.page.focus('#strip');
  await demo.page.keyboard.press('Home');
  assert.match((await value()).join(), /^1,.+: [\d.]+ (s|ms|µs), [\d.,]+ GFLOP\/s$/);
  await demo.page.keyboard.press('ArrowRight');
  assert.is((await value())[0], '2');
  await demo.page.keyboard.press('End');
  assert.is((await value())[0], `${rows}`);
  // Under the pointer lies the segment whose share of the width is there.
  const box = (await (await demo.page.$('#strip'))!.boundingBox())!;
  await demo.page.mouse.move(box.x + box.width / 2, box.y + 10);
  let [at, sum] = [0, segments[0]!];
  while (sum < box.width / 2) sum += segments[++at]!;
  assert.ok(
    Math.abs(Number((await value())[0]) - 1 - at) <= 1,
    `segment ${(await value())[0]}, expected about ${at + 1}`,
  );
  assert.match(await demo.text('#layer'), /Kernel.+GFLOP\/s, .+GB\/s$/);
});

test('the answer is copied as JSON', async () => {
  const context = demo.page.browserContext();
  await context.overridePermissions(place.server.url, ['clipboard-read', 'clipboard-sanitized-write']);
  await demo.page.bringToFront();
  await demo.page.click('#copy');
  await demo.until('the notice', () => document.querySelector('#notice')!.textContent === 'Copied as JSON.');
  const copied = JSON.parse(await demo.page.evaluate(() => navigator.clipboard.readText()));
  await context.clearPermissionOverrides();
  assert.equal(copied.model, { name: 'branches', kind: 'plumage', size: 64, classes: 6 });
  assert.is(copied.predictions.length, 5);
  assert.is(copied.photo.name, 'pasted.jpg');
  assert.ok(copied.adapter.software && copied.precision === 'f32');
  for (const name of ['load', 'first', 'later', 'decode']) assert.ok(copied.milliseconds[name] > 0, name);
  assert.ok(copied.layers.length > 60);
});

test('another model of the server, and one from a file', async () => {
  await demo.page.select('#model', 'plain');
  await demo.until('the plain model', () => document.querySelector('#by')!.textContent === 'plain, 7 classes');
  await demo.answer();
  assert.match(await demo.text('#caption'), /^What speaks for the likeliest class: 2 x 2 cells/);
  assert.not(await demo.shown('#maps'));
  assert.ok(await demo.shown('#heat'));
  await demo.upload(
    '#weights',
    await place.file('mine.safetensors', await readFile(`${place.folder}/branches.safetensors`)),
  );
  await demo.until('the file', () => document.querySelector('#by')!.textContent === 'mine.safetensors, 6 classes');
  await demo.answer();
});

test('what is broken is said in one line and leaves the last answer', async () => {
  const before = await demo.answer();
  const alt = () => demo.page.$eval('#picture', (image) => (image as HTMLImageElement).alt);
  const shown = await alt();
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>';
  for (const [name, content] of [
    ['picture.svg', svg],
    ['photo.heic', `\0\0\0\x18ftypheic${'x'.repeat(500)}`],
    ['empty.jpg', ''],
    ['broken.jpg', (await readFile(place.photos[0]!)).subarray(0, 200)],
  ] as const) {
    await demo.page.$eval('#alert-close', (button) => (button as HTMLElement).click());
    await demo.upload('#file', await place.file(name, content));
    await demo.until(`an error about ${name}`, () => !document.querySelector<HTMLElement>('#alert')!.hidden);
    assert.match(await demo.text('#alert-text'), new RegExp(`${name}.* cannot be decoded, .*JPEG`));
    assert.equal(await demo.answer(), before);
    await demo.until('the photo before it', () => document.querySelector<HTMLElement>('#photo')!.checkVisibility());
    assert.is(await alt(), shown);
  }
  for (const [name, content, said] of [
    ['torn.safetensors', (await readFile(`${place.folder}/plain.safetensors`)).subarray(0, 3000), /torn\.safetensors/],
    ['notes.pth', 'no weights', /notes\.pth/],
  ] as const) {
    await demo.page.$eval('#alert-close', (button) => (button as HTMLElement).click());
    await demo.upload('#weights', await place.file(name, content));
    await demo.until(`an error about ${name}`, () => !document.querySelector<HTMLElement>('#alert')!.hidden);
    assert.match(await demo.text('#alert-text'), said);
  }
  await demo.page.$eval('#alert-close', (button) => (button as HTMLElement).click());
  assert.not(await demo.shown('#alert'));
  assert.equal(demo.complaints, []);
  await demo.page.select('#model', 'gone');
  await demo.until('the missing weights', () => !document.querySelector<HTMLElement>('#alert')!.hidden);
  assert.match(await demo.text('#alert-text'), /status, got 404/);
  assert.is(await demo.page.$eval('#model', (select) => (select as HTMLSelectElement).value), 'mine.safetensors');
});

test('a camera that is refused, or not there, is said so', async () => {
  for (const [name, said] of [
    ['NotAllowedError', /^camera: it was refused - allow it/],
    ['NotFoundError', /^camera: there is none/],
  ] as const) {
    // Headless there is nobody to refuse it: the browser's answer is put in its place.
    await demo.page.evaluate((error) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', error));
    }, name);
    await demo.page.$eval('#alert-close', (button) => (button as HTMLElement).click());
    await demo.page.click('#camera');
    await demo.until('the refusal', () => !document.querySelector<HTMLElement>('#alert')!.hidden);
    assert.match(await demo.text('#alert-text'), said);
    assert.is(await demo.text('#camera'), 'Camera');
  }
  await demo.page.click('#alert-close');
});

test('a lost device is replaced, with a quiet notice', async () => {
  const [photo] = await demo.page.$$('#samples button');
  const client = await place.browser.target().createCDPSession();
  await client.send('Browser.crashGpuProcess' as 'Browser.close'); // the types do not know it
  await photo!.click();
  await demo.until('the notice', () => /was lost/.test(document.querySelector('#notice')!.textContent!));
  assert.is((await demo.answer()).length, 5);
  assert.not(await demo.shown('#alert'));
});

test('policy: strict, obeyed, and the same in page and header', async () => {
  assert.equal(demo.complaints, []);
  const response = await fetch(place.server.url);
  const header = response.headers.get('content-security-policy')!;
  assert.match(header, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.not.match(header, /unsafe|wasm/);
  const blocked = demo.until('the violation', () => true);
  await demo.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'globalThis.ran = true';
    document.head.append(script);
  });
  await blocked;
  assert.is(await demo.page.evaluate(() => 'ran' in globalThis), false);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(demo.complaints.length > 0, 'a violation would be noticed');
});

test('the whole page has at most 90 KB of script, gzipped', () => {
  const files = readdirSync('dist/demo').filter((name) => name.endsWith('.js'));
  const sizes = files.map((name) => gzipSync(readFileSync(`dist/demo/${name}`), { level: 9 }).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`demo page: ${(total / 1000).toFixed(1)} KB of script, gzipped`);
  assert.ok(files.includes('engineWorker.js') && total > 20_000);
  assert.ok(total <= 90_000, `${total} bytes`);
});

test.run();
