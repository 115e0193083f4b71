// Many photos: found in a folder, worked on ahead, answered in order, those that cannot be read reported.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inOrder } from '../../src/cli/inOrder.ts';
import { photosIn } from '../../src/cli/photoFolder.ts';
import { overPhotos, type PhotoWork, Unread } from '../../src/cli/photoRun.ts';
import { Progress } from '../../src/cli/progress.ts';
import type { Photo } from '../../src/data/decode.ts';
import { PlumageError } from '../../src/errors.ts';
import { jpeg, put } from '../harness/datasets.ts';
import { rejected } from '../harness/refused.ts';

let folder: string;
test.before.each(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plumage-photos-'));
});
test.after.each(() => rm(folder, { recursive: true }));

test('photos of a folder and below, in the order of their characters; hidden files and others apart', async () => {
  for (const name of ['b.JPG', 'B.png', 'a/z.webp', 'a b/1.jpeg', 'a.txt', '.hidden.jpg', '.git/x.jpg', 'a/é.avif']) {
    await put(join(folder, name), '');
  }
  assert.equal(await photosIn(folder), { photos: ['B.png', 'a b/1.jpeg', 'a/z.webp', 'a/é.avif', 'b.JPG'], others: 1 });
});

test('folders without photos are refused', async () => {
  await rejected(photosIn(folder), 'input', /photos, got no file - check the path$/);
  await put(join(folder, 'a.txt'), '');
  await rejected(photosIn(folder), 'input', /photos, got 1 files, none of them \.jpg/);
  await rejected(photosIn(join(folder, 'none')), 'input', /none: photos: no such folder/);
  await rejected(photosIn(join(folder, 'a.txt')), 'input', /a\.txt: photos: is no folder/);
});

test('answers come in order, with no more under way than asked for', async () => {
  let [now, most] = [0, 0];
  const work = async (i: number) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, (7 * i) % 5));
    now--;
    return 2 * i;
  };
  const got: number[] = [];
  for await (const each of inOrder([0, 1, 2, 3, 4, 5, 6, 7, 8], 3, work)) got.push(each);
  assert.equal(got, [0, 2, 4, 6, 8, 10, 12, 14, 16]);
  assert.is(most, 3);
});

class Said extends Progress {
  readonly errors: string[] = [];
  override error(message: string): void {
    this.errors.push(message);
  }
}

/** Over JPEGs of the folder; a name with `bad` is a damaged one. */
async function over(names: string[], compute: (photo: Photo, item: string) => Promise<string>, part = false) {
  const whole = await jpeg(20, 30);
  for (const name of names) await put(join(folder, name), name.includes('bad') ? whole.subarray(0, 300) : whole);
  const results: string[] = [];
  const progress = new Said();
  const work: PhotoWork<string, string> = {
    label: 'looking',
    nameOf: (name) => name,
    fileOf: (name) => join(folder, name),
    banner: 7,
    part,
    compute,
    done: (name, result) => results.push(`${name} ${result instanceof Unread ? result.reason : result}`),
  };
  const { unread } = await overPhotos(names, work, progress);
  return { results, unread, errors: progress.errors };
}

test('a photo that cannot be read has its reason in its place, and the others their answers', async () => {
  const { results, unread, errors } = await over(['a', 'bad', 'b'], async ({ width, height }, name) => {
    return `${name} ${width} x ${height}`;
  });
  assert.is(results.length, 3);
  assert.equal([results[0], results[2]], ['a a 20 x 23', 'b b 20 x 23']);
  assert.match(results[1]!, /^bad .*bad: decoding, got .*expected a whole image/);
  assert.equal([unread, errors.length], [1, 1]);
  assert.is((await over(['bad'], async () => '')).unread, 1);
});

test('none of several that can be read, and whatever is not about one photo, stops the run', async () => {
  await rejected(
    over(['bad1', 'bad2'], async () => ''),
    'input',
    /^none of 2 photos could be read, the last: .*bad2/,
  );
  assert.is(
    (await over(['bad1', 'bad2'], async () => '', true)).unread,
    2,
    'a shard without any is a part like others',
  );
  const lost = async () => {
    throw new PlumageError('lost', 'device lost');
  };
  await rejected(over(['a', 'b'], lost), 'lost', /device lost/);
});

test.run();
