// What a page can classify, on the page itself and in a worker: every kind of source, batches, features, maps. Same answers.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openSite, type TestSite, tinyModel } from '../harness/page.ts';

let site: TestSite;
let results: Awaited<ReturnType<typeof collect>>;

/** Everything at once, for compiling takes longest: in the page (`index`) or in a worker (`worker`). */
async function collect(entry: '/index.js' | '/worker.js') {
  const { page, problems } = await site.newPage();
  try {
    const answers = await page.evaluate(
      async (entry, url) => {
        const { open } = (await import(entry)) as typeof import('../../src/worker.ts');
        const engine = await open(entry === '/worker.js' ? { worker: '/page/bitmaps.js' } : {});
        const model = await engine.load(url);
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [90, 60];
        const context = canvas.getContext('2d')!;
        const gradient = context.createLinearGradient(0, 0, 90, 60);
        for (const [at, colour] of [
          [0, 'teal'],
          [0.5, 'gold'],
          [1, 'crimson'],
        ] as const)
          gradient.addColorStop(at, colour);
        context.fillStyle = gradient;
        context.fillRect(0, 0, 90, 60);
        const blob = await new Promise<Blob>((resolve) => canvas.toBlob((made) => resolve(made!), 'image/png'));
        const image = new Image();
        image.src = URL.createObjectURL(blob);
        await image.decode();
        const pixels = context.getImageData(0, 0, 90, 60);
        const offscreen = new OffscreenCanvas(90, 60);
        offscreen.getContext('2d')!.drawImage(canvas, 0, 0);
        const bitmap = await createImageBitmap(canvas);
        const frame = new VideoFrame(canvas, { timestamp: 0 });
        const sources = {
          blob,
          file: new File([blob], 'x.png', { type: 'image/png' }),
          image,
          canvas,
          offscreen,
          bitmap,
          frame,
          imageData: pixels,
          raw: { width: 90, height: 60, data: new Uint8Array(pixels.data) },
        };
        // Bitmaps of the engine's own, on the page.
        const made: ImageBitmap[] = [];
        const create = globalThis.createImageBitmap;
        globalThis.createImageBitmap = async (...given: unknown[]) => {
          made.push(await (create as (...given: unknown[]) => Promise<ImageBitmap>)(...given));
          return made.at(-1)!;
        };
        const single: Record<string, number[]> = {};
        for (const [name, source] of Object.entries(sources)) {
          const { predictions, width, height } = await model.classify(source, { top: 6 });
          if (width !== 90 || height !== 60) throw new Error(`${name}: ${width} x ${height}`);
          single[name] = predictions.sort((a, b) => a.index - b.index).map(({ probability }) => probability);
        }
        // What was given can be given again: nothing of the caller's has moved.
        const again = (await model.classify(bitmap)).predictions[0]!;
        const black = { width: 40, height: 40, data: new Uint8Array(6400).map((_, i) => (i % 4 === 3 ? 255 : 0)) };
        const many = [pixels, black, pixels, black, black, pixels, black, black, pixels, pixels];
        const batch = await model.classify(many, { top: 6, maps: true });
        const alone = [
          await model.classify(pixels, { top: 6, maps: true }),
          await model.classify(black, { top: 6, maps: true }),
        ];
        const plain = (each: (typeof batch)[number]) => ({
          probabilities: [...each.predictions].sort((a, b) => a.index - b.index).map(({ probability }) => probability),
          maps: Object.entries(each.maps!).map(([name, { shape, data }]) => ({
            name,
            shape: [...shape],
            data: [...data],
          })),
          crop: each.crop,
        });
        const features = await model.embed(many.slice(0, 3));
        const one = await model.embed(pixels);
        const layers = await model.profile(canvas, { repeats: 1 });
        await model.prepare(canvas);
        const errors: string[] = [];
        const failing = async (work: () => Promise<unknown>) => {
          errors.push(
            await work().then(
              () => 'no error',
              (error) => `${error.name} ${error.code}: ${error.message}`,
            ),
          );
        };
        await failing(() => model.classify(new Blob(['<svg/>'], { type: 'image/svg+xml' })));
        await failing(() =>
          model.classify(new Blob([new Uint8Array([0, 0, 0, 24, 102, 116, 121, 112, 104, 101, 105, 99])])),
        );
        await failing(() => model.classify(new Blob([])));
        await failing(() => model.classify(Object.assign(document.createElement('canvas'), { width: 0, height: 0 })));
        await failing(() => model.classify({ width: 2, height: 2, data: new Uint8Array(15) }));
        await failing(() => model.classify([pixels, { width: 0, height: 2, data: new Uint8Array(0) }]));
        await failing(() => model.classify('x.jpg' as unknown as Blob));
        await failing(() => model.embed([pixels, null as unknown as Blob]));
        await failing(() => model.classify([canvas, Object.assign(document.createElement('canvas'), { width: 0 })]));
        await failing(() => model.classify(canvas, { signal: AbortSignal.abort() }));
        const channel = new BroadcastChannel('bitmaps');
        const inWorker = new Promise<[got: number, open: number]>((resolve) => {
          channel.onmessage = ({ data }) => resolve(data);
        });
        channel.postMessage('how many');
        // One of several photos may fail while another is still read, in a task of its own.
        const opened = () => made.filter(({ width }) => width > 0).length;
        for (let i = 0; i < 50 && opened() > 0; i++) await new Promise((done) => setTimeout(done, 10));
        const bitmaps = {
          made: made.length,
          open: opened(),
          inWorker: entry === '/worker.js' ? await inWorker : [0, 0],
        };
        await model.dispose();
        await failing(() => model.classify(pixels));
        await engine.dispose();
        return {
          single,
          again: again.probability,
          batch: batch.map(plain),
          alone: alone.map(plain),
          features: features.map((each) => [...each]),
          one: [...one],
          layers: layers.length,
          bitmaps,
          errors,
        };
      },
      entry,
      `${site.server.url}/tiny.safetensors`,
    );
    return { ...answers, problems };
  } finally {
    await page.close();
  }
}

test.before(async () => {
  site = await openSite();
  site.server.add('/tiny.safetensors', tinyModel('plumage'));
  results = await collect('/index.js');
});

test('every kind of source gives the same answer', () => {
  const { raw, ...others } = results.single;
  assert.is(raw!.length, 6);
  for (const [name, probabilities] of Object.entries(others)) {
    // A video frame of a canvas went through a conversion of colours.
    const most = name === 'frame' ? 0.02 : 0;
    const off = Math.max(...probabilities.map((p, i) => Math.abs(p - raw![i]!)));
    assert.ok(off <= most, `${name}: ${probabilities}, expected ${raw}`);
  }
  assert.is(results.again, Math.max(...raw!));
});

test('a batch of ten answers as one by one, maps too', () => {
  const close = (a: number[], b: number[]) => a.length === b.length && a.every((v, i) => Math.abs(v - b[i]!) <= 1e-5);
  const order = [0, 1, 0, 1, 1, 0, 1, 1, 0, 0];
  results.batch.forEach(({ probabilities, maps, crop }, i) => {
    const alone = results.alone[order[i]!]!;
    assert.ok(close(probabilities, alone.probabilities), `${i}: ${probabilities}, expected ${alone.probabilities}`);
    assert.equal(crop, alone.crop);
    assert.equal(
      maps.map(({ name, shape }) => `${name} ${shape}`),
      ['attention1 1,8,8', 'attention2 1,4,4', 'attention3 1,2,2'],
    );
    for (const [j, map] of maps.entries()) assert.ok(close(map.data, alone.maps[j]!.data), `${i}: ${map.name}`);
  });
  assert.not.equal(results.alone[0]!.probabilities, results.alone[1]!.probabilities);
});

test('embed: the three branches side by side, alone and in a batch', () => {
  assert.is(results.one.length, 3 * 64);
  for (const [i, features] of results.features.entries()) assert.is(features.length, 3 * 64, `${i}`);
  assert.ok(results.one.some((value) => value > 0));
  assert.equal(results.features[0], results.features[2]);
  assert.not.equal(results.features[0], results.features[1]);
  for (const [i, value] of results.one.entries()) {
    assert.ok(Math.abs(value - results.features[0]![i]!) <= 1e-4 * Math.max(1, Math.abs(value)), `${i}`);
  }
  assert.ok(results.layers > 100, `layers, got ${results.layers}`);
});

test('what cannot be classified is refused in one line each', () => {
  const patterns = [
    /^PlumageError input: photo: cannot be decoded/,
    /^PlumageError input: photo: cannot be decoded/,
    /^PlumageError input: photo: cannot be decoded/,
    /^PlumageError input: photo: cannot be decoded/,
    /^PlumageError input: classify: bytes of the photo, got 15/,
    /^PlumageError input: classify: size of the photo/,
    /^PlumageError input: photo: source, got string, expected a file, .* or pixels - fetch what an address names/,
    /^PlumageError input: photo: source, got null, expected a file/,
    /^PlumageError input: photo: cannot be decoded/,
    /^PlumageError aborted: classify: stopped by the caller's signal$/,
    /^PlumageError input: .*the model is disposed of/,
  ];
  for (const [i, pattern] of patterns.entries()) {
    assert.match(results.errors[i]!, pattern);
    assert.not.match(results.errors[i]!, /\n/);
  }
});

test('in a worker: the same answers, bit for bit, and the same errors', async () => {
  const { problems, ...worker } = await collect('/worker.js');
  assert.equal(problems, []);
  assert.equal(worker.single, results.single);
  assert.equal(worker.batch, results.batch);
  assert.equal(worker.features, results.features);
  assert.equal(worker.layers, results.layers);
  // Four sources that are neither file, bitmap nor pixels, a bitmap twice, and a canvas for profile and for prepare.
  assert.ok(worker.bitmaps.made > 5, `made, got ${worker.bitmaps.made}`);
  assert.is(worker.bitmaps.open, 0);
  assert.equal(worker.bitmaps.inWorker, [8, 0], 'bitmaps in the worker, and open ones');
  for (const [i, line] of worker.errors.entries()) {
    assert.is(line.replace(/^(.*?): .*disposed.*/, '$1'), results.errors[i]!.replace(/^(.*?): .*disposed.*/, '$1'));
  }
});

test('no bitmap of the engine stays open on the page', () => {
  assert.ok(results.bitmaps.made > 10, `made, got ${results.bitmaps.made}`);
  assert.is(results.bitmaps.open, 0);
});

test('nothing in the console, nothing against a strict policy', () => assert.equal(results.problems, []));

test.after(() => site.close());

test.run();
