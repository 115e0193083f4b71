// Those who come with a phone, in the dark, with a screen reader, a keyboard, a camera, or without WebGPU.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type DemoPage, type DemoPlace, demoPlace } from '../harness/demo.ts';

const CAMERA = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
const INSECURE = 'plumage.test';

let place: DemoPlace;
let axe: string;

test.before(async () => {
  // An address that is no secure one is where browsers withhold WebGPU.
  place = await demoPlace([...CAMERA, `--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`]);
  axe = await readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
});
test.after(() => place.close());

interface Axe {
  run(options: object): Promise<{ violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

/** What axe finds wrong, one line each. Its script is the test's own: the page's policy would refuse it. */
async function violations({ page }: DemoPage): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  return page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
    );
  });
}

test('accessible with all panels full, wide and narrow, light and dark, and nothing wider than the screen', async () => {
  const demo = await place.open();
  assert.equal(await violations(demo), [], 'at the start');
  await demo.answer();
  await demo.upload('#files-Class-1', place.photos[0]!);
  await demo.upload('#files-Class-2', place.photos[1]!);
  await demo.page.click('#time-layers');
  await demo.until('the strip', () => document.querySelector<HTMLElement>('#layers-result')!.hidden === false);
  await demo.page.click('summary');
  await demo.page.click('#train');
  await demo.until('the outcome', () => document.querySelector('#outcome')!.textContent !== '');
  await demo.answer();
  await demo.upload('#file', await place.file('empty.jpg', ''));
  await demo.until('the error', () => document.querySelector<HTMLElement>('#alert')!.hidden === false);
  for (const width of [1280, 390]) {
    for (const scheme of ['light', 'dark'] as const) {
      await demo.page.setViewport({ width, height: 900 });
      await demo.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      assert.equal(await violations(demo), [], `${width} px, ${scheme}`);
      const wide = await demo.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide for ${width}`);
    }
  }
  await demo.close();
});

test('by keyboard alone: a sample, a branch, the layers, the bins', async () => {
  const demo = await place.open();
  await demo.answer();
  const { keyboard } = demo.page;
  const reach = async (what: string, found: () => boolean) => {
    for (let i = 0; i < 60; i++) {
      await keyboard.press('Tab');
      if (await demo.page.evaluate(found)) return;
    }
    throw new Error(`60 tabs do not reach ${what}`);
  };
  await reach('the branches', () => document.activeElement!.matches('#map-choices input'));
  await keyboard.press('ArrowLeft');
  assert.match(await demo.text('#caption'), /^Branch 2/);
  const ring = await demo.page.$eval('.choice:has(:checked) canvas', (canvas) => getComputedStyle(canvas).outlineWidth);
  assert.is(ring, '3px', 'the choice shows where the keyboard is');
  await reach('the second sample', () => (document.activeElement as HTMLElement).dataset.sample === 'sample-1');
  await keyboard.press('Enter');
  await demo.until('the sample', () => document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('sample-1'));
  await demo.answer();
  assert.match(await demo.text('#caption'), /^Branch 2/, 'the chosen branch stays chosen');
  await reach('the button of the layers', () => document.activeElement!.id === 'time-layers');
  await keyboard.press('Enter');
  await demo.until('the strip', () => document.querySelector<HTMLElement>('#layers-result')!.hidden === false);
  await reach('the strip', () => document.activeElement!.id === 'strip');
  await keyboard.press('End');
  await reach('a bin', () => document.activeElement!.matches('.bin input[type=text]'));
  await keyboard.type('heron');
  await reach('its picker', () => document.activeElement!.matches('.bin input[type=file]'));
  await reach('a new class', () => document.activeElement!.id === 'add-bin');
  await keyboard.press('Enter');
  assert.is(await demo.page.$$eval('.bin', (bins) => bins.length), 3);
  assert.ok(await demo.page.evaluate(() => document.activeElement!.matches('.bin:nth-child(3) input[type=text]')));
  assert.equal(demo.complaints, []);
  await demo.close();
});

test('a camera that gives a photo, and one that is lost', async () => {
  const demo = await place.open();
  await demo.answer();
  await demo.page.click('#camera');
  await demo.until('the picture', () => document.querySelector<HTMLVideoElement>('#video')!.videoWidth > 0);
  await demo.page.click('#shoot');
  await demo.until('the photo', () => document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('the camera'));
  assert.is((await demo.answer()).length, 5);
  assert.not(await demo.shown('#video'));
  assert.is(await demo.text('#camera'), 'Camera');

  await demo.page.click('#camera');
  await demo.until('the picture', () => document.querySelector<HTMLVideoElement>('#video')!.videoWidth > 0);
  await demo.page.$eval('#video', (video) => {
    const [track] = ((video as HTMLVideoElement).srcObject as MediaStream).getTracks();
    track!.dispatchEvent(new Event('ended')); // as when it is unplugged
  });
  assert.match(await demo.text('#alert-text'), /^camera: it was lost/);
  assert.not(await demo.shown('#video'));

  assert.equal(demo.complaints, []);
  await demo.close();
});

test('a camera that is allowed late: asked for twice, or not wanted any more, it does not stay on', async () => {
  const demo = await place.open();
  await demo.answer();
  // Allows each camera when `allow` is called, as a visitor does who lets the question stand.
  await demo.page.evaluate(() => {
    const { mediaDevices } = navigator;
    const camera = mediaDevices.getUserMedia.bind(mediaDevices);
    const tracks: MediaStreamTrack[] = [];
    const waiting: (() => void)[] = [];
    mediaDevices.getUserMedia = async (wanted) => {
      await new Promise<void>((done) => waiting.push(done));
      const stream = await camera(wanted);
      tracks.push(...stream.getTracks());
      return stream;
    };
    Object.assign(globalThis, { tracks, allow: () => waiting.splice(0).map((done) => done()).length });
  });
  const allow = () => demo.page.evaluate(() => (globalThis as unknown as { allow(): number }).allow());
  const states = () => {
    return demo.page.evaluate(() =>
      (globalThis as unknown as { tracks: MediaStreamTrack[] }).tracks.map((track) => track.readyState),
    );
  };

  await demo.page.click('#camera');
  await demo.page.click('#camera');
  assert.is(await allow(), 2);
  await demo.until('both cameras', () => (globalThis as unknown as { tracks: unknown[] }).tracks.length === 2);
  await demo.until('the picture', () => document.querySelector<HTMLVideoElement>('#video')!.videoWidth > 0);
  assert.is((await states()).filter((state) => state === 'live').length, 1);
  await demo.page.click('#camera');
  assert.equal(await states(), ['ended', 'ended']);

  await demo.page.click('#camera');
  await demo.page.click('[data-sample="sample-1"]');
  await demo.until('the sample', () => document.querySelector<HTMLImageElement>('#picture')!.alt.endsWith('sample-1'));
  assert.is(await allow(), 1);
  await demo.until('the camera', () => (globalThis as unknown as { tracks: unknown[] }).tracks.length === 3);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(await states(), ['ended', 'ended', 'ended']);
  assert.not(await demo.shown('#video'));
  assert.equal(demo.complaints, []);
  await demo.close();
});

test('without WebGPU the page says which browsers have it and what to switch on', async () => {
  const page = await place.browser.newPage();
  await page.goto(place.server.url.replace('127.0.0.1', INSECURE));
  await page.waitForSelector('#unsupported:not([hidden])');
  const text = await page.$eval('#unsupported', (element) => (element as HTMLElement).innerText);
  assert.match(text, /no usable WebGPU/);
  assert.match(text, /Chrome and Edge from 127/);
  assert.match(text, /Hardware acceleration/);
  assert.not(await page.$eval('#app', (element) => element.checkVisibility()));
  assert.equal(await violations({ page } as DemoPage), []);
  await page.close();
});

test.run();
