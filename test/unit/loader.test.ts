// Photos by worker threads: their pixels, their order, what is broken among them, and how far ahead they are decoded.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Photo } from '../../src/data/decode.ts';
import { PlumageError } from '../../src/errors.ts';
import { decodePhoto } from '../../src/node/decode.ts';
import { DecodePool } from '../../src/node/decodePool.ts';
import { type Loaded, Loader } from '../../src/node/loader.ts';
import { jpeg, put } from '../harness/datasets.ts';
import { isRefusal, rejected } from '../harness/refused.ts';

interface Numbered {
  readonly file: string;
  readonly index: number;
}

let folder: string;
let pool: DecodePool;
let images: Numbered[];

test.before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'plumage-loader-'));
  images = Array.from({ length: 24 }, (_, index) => ({ file: path.join(folder, `${index}.jpg`), index }));
  // Large and small ones in turns, so that threads finish in another order than they start.
  for (const { file, index } of images) await put(file, await jpeg(index % 3 === 0 ? 400 : 20 + index, 60, index + 1));
  pool = new DecodePool(2);
});
test.after(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

async function all<T extends Numbered>(loader: Loader<T>): Promise<Loaded<T>[]> {
  const found: Loaded<T>[] = [];
  for (let each = await loader.next(); each; each = await loader.next()) found.push(each);
  return found;
}

test('the pixels of decodePhoto, in the order of the images', async () => {
  const found = await all(new Loader(pool, images));
  assert.equal(
    found.map(({ image }) => image.index),
    images.map(({ index }) => index),
  );
  for (const { image, photo } of found) {
    const { width, height, data } = await decodePhoto(image.file);
    assert.equal([photo!.width, photo!.height], [width, height]);
    assert.ok(Buffer.from(photo!.data.buffer, photo!.data.byteOffset, photo!.data.length).equals(data));
  }
});

test('a banner is cropped off the bottom', async () => {
  const [loaded] = await all(new Loader(pool, images.slice(1, 2), { banner: 20 }));
  const whole = await decodePhoto(images[1]!.file);
  assert.equal([loaded!.photo!.width, loaded!.photo!.height], [whole.width, 40]);
  assert.equal([...loaded!.photo!.data], [...whole.data.subarray(0, 4 * whole.width * 40)]);
  const [none] = await all(new Loader(pool, images.slice(1, 2), { banner: 60 }));
  isRefusal(none!.error, 'input', /1\.jpg: height, got 60 px, expected more than the banner of 60 px/);
});

test('what cannot be read is an error in its place', async () => {
  const bad = (name: string) => ({ file: path.join(folder, name), index: -1 });
  const whole = await jpeg();
  await put(bad('cut.jpg').file, whole.subarray(0, whole.length / 2));
  await put(bad('text.jpg').file, 'no image');
  const mixed = [images[0]!, bad('cut.jpg'), images[1]!, bad('none.jpg'), bad('text.jpg'), bad('.'), images[2]!];
  const found = await all(new Loader(pool, mixed));
  assert.equal(
    found.map(({ image, photo }) => [image.index, photo !== undefined]),
    mixed.map(({ index }) => [index, index >= 0]),
  );
  isRefusal(found[1]!.error, 'input', /cut\.jpg: decoding, got .*, expected a whole image/);
  isRefusal(found[3]!.error, 'input', /none\.jpg: photo, got no such file/);
  isRefusal(found[4]!.error, 'input', /text\.jpg: photo, got no image/);
  isRefusal(found[5]!.error, 'input', /got a folder or device/);
});

test('what passes a limit of the caller is an error too, with its name', async () => {
  const check = ({ width }: Photo) => {
    if (width > 0) throw new PlumageError('limit', 'size of the photo, got too many');
  };
  const [first] = await all(new Loader(pool, images.slice(0, 1), { check }));
  isRefusal(first!.error, 'input', /\.jpg: size of the photo, got too many$/);
});

test('decodes ahead of its use, but no further than it may', async () => {
  let asked = 0;
  function* epochs() {
    for (;;)
      for (const image of images) {
        asked++;
        yield image;
      }
  }
  const single = new DecodePool(1);
  const loader = new Loader(single, epochs(), { ahead: 5 });
  assert.is(asked, 5);
  for (let i = 0; i < 30; i++) assert.is((await loader.next())!.image.index, i % images.length);
  assert.is(asked, 35);
  // One thread takes photos in turn: after this one, all five are there.
  await single.decode(images[0]!.file);
  assert.is(asked, 35);
  for (let i = 0; i < 4; i++) {
    const soon = new Promise((resolve) => setImmediate(resolve));
    assert.ok(await Promise.race([loader.next(), soon]), `photo ${i} was not there`);
  }
  loader.close();
  assert.is(await loader.next(), undefined);
  assert.is(asked, 39);
  await single.close();
});

test('says how long it kept its caller waiting', async () => {
  const large = { file: path.join(folder, 'large.jpg'), index: 0 };
  await put(large.file, await jpeg(1200, 900, 5));
  const loader = new Loader(pool, [large, large], { ahead: 1 });
  const start = performance.now();
  await all(loader);
  const elapsed = performance.now() - start;
  assert.ok(loader.waitedMs > 5 && loader.waitedMs <= elapsed, `${loader.waitedMs} of ${elapsed} ms`);
});

test('a closed pool ends its threads and decodes no more', async () => {
  const short = new DecodePool(1);
  const decoding = short.decode(images[0]!.file);
  const waiting = short.decode(images[1]!.file);
  const refusal = rejected(waiting, 'aborted', /1\.jpg: was not decoded, the pool is closed/);
  await short.close();
  await refusal;
  assert.is((await decoding).width, 400);
  await rejected(short.decode(images[0]!.file), 'aborted');
  const loader = new Loader(short, images);
  await rejected(loader.next(), 'aborted');
  await short.close();
});

test.run();
