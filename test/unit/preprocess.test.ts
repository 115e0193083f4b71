import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atSize, capacityFor, geometry, type PreprocessConfig, preprocessPresets } from '../../src/data/preprocess.ts';
import { PlumageError } from '../../src/errors.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { resizeColumnsReference } from '../../src/kernels/resizeColumns.ts';
import { packGeometry, resampleWeights, resizeRowsReference, unpackGeometry } from '../../src/kernels/resizeRows.ts';
import { configOf, cropGoldens, filters, goldenCrop, goldenPhoto, resizeGoldens } from '../harness/resize.ts';

const { torchvision, keras } = preprocessPresets;
const finegrained: PreprocessConfig = { ...torchvision, size: 448, resize: 550, stretch: true };

test('the references of both passes are Pillow, bit for bit', () => {
  for (const golden of resizeGoldens)
    for (const filter of filters) {
      const { width, height, size } = golden;
      const { words, rows } = geometry(width, height, configOf(golden, filter));
      const k = { PIXELS: width * height, ROWS: rows, SIZE: size, CUBIC: filter === 'bicubic' ? 1 : 0, WORKGROUP: 64 };
      const { y } = resizeRowsReference({ photo: goldenPhoto(golden), geometry: words }, k);
      const plain = { BGR: 0, MULTIPLY_0: 1, MULTIPLY_1: 1, MULTIPLY_2: 1, ADD_0: 0, ADD_1: 0, ADD_2: 0 };
      const { x } = resizeColumnsReference({ y: y!, geometry: words }, { ...k, ...plain });
      assert.equal([...x!], [...goldenCrop(golden, filter)], `${golden.image} ${width}x${height} ${filter}`);
    }
});

test('resized sizes and central crops are torchvision', () => {
  for (const [width, height, resize, size, ...expected] of cropGoldens) {
    const g = geometry(width!, height!, { ...torchvision, resize: resize!, size: size! });
    assert.equal([g.resizedWidth, g.resizedHeight, g.left, g.top], expected, `${width}x${height} to ${resize}`);
  }
});

test('stretched photos are cropped at floor(difference / 2)', () => {
  const { resizedWidth, resizedHeight, left, top } = geometry(640, 480, finegrained);
  assert.equal([resizedWidth, resizedHeight, left, top], [550, 550, 51, 51]);
  const tiny = atSize(finegrained, 64);
  assert.is(tiny.resize, 79);
  assert.is(geometry(640, 480, tiny).left, 7);
  assert.is(atSize(keras, 448).resize, 512);
});

test('the words say which source pixels the crop needs', () => {
  const g = geometry(1024, 768, torchvision);
  const { horizontal, vertical, firstRow, rows, flip } = unpackGeometry(g.words);
  // 1024 x 768 to 341 x 256, crop at (58, 16): centres at 58.5 * 1024 / 341 = 175 + 458 / 682, and 16.5 * 3 = 49 + 1 / 2.
  assert.equal(horizontal, { source: 1024, resized: 341, before: 0, inside: 224, whole: 175, rest: 458 });
  assert.equal(vertical, { source: 768, resized: 256, before: 0, inside: 224, whole: 49, rest: 256 });
  assert.equal([firstRow, rows, flip], [45, 678, false]);
  assert.is(g.words.length, 16);
  assert.equal(packGeometry(unpackGeometry(g.words)), g.words);
  assert.is(unpackGeometry(geometry(9, 9, torchvision, { left: 0, top: 0, flip: true }).words).flip, true);
});

test('every row that a window touches lies in the rows that are made', () => {
  for (let height = 1; height < 2000; height = Math.ceil(height * 1.37))
    for (const filter of filters)
      for (const top of [undefined, -30, 0, 17, 400]) {
        const config = { ...torchvision, filter, resize: 73, size: 64, stretch: height % 2 === 0 };
        const { words } = geometry(50, height, config, top === undefined ? undefined : { left: 0, top });
        const { vertical, firstRow, rows } = unpackGeometry(words);
        assert.ok(rows >= 1 && firstRow + rows <= height, `${height}: rows ${firstRow} + ${rows}`);
        for (let i = 0; i < vertical.inside; i++) {
          const { first, weights } = resampleWeights(vertical, i, filter === 'bicubic');
          assert.ok(first >= firstRow && first + weights.length <= firstRow + rows, `${height} ${filter} ${top}: ${i}`);
        }
      }
});

test('capacities are powers of two, at least 256 x 256 and at most what a binding holds', () => {
  assert.equal(capacityFor(1, 1, keras), { pixels: 2 ** 16, rows: 2 ** 8 });
  assert.equal(capacityFor(1024, 768, keras), { pixels: 2 ** 20, rows: 2 ** 10 });
  assert.equal(capacityFor(1000, 700, keras), capacityFor(1024, 1024, keras));
  const narrow = { ...defaultTarget(), maxBufferSize: 4 * 700_000 };
  assert.equal(capacityFor(1000, 700, keras, narrow), { pixels: 700_000, rows: 1024 });
});

function refused(code: string, expected: RegExp, make: () => unknown): void {
  assert.throws(
    make,
    (error: unknown) => error instanceof PlumageError && error.code === code && expected.test(error.message),
  );
}

test('photos past a limit are refused with their size and the limit', () => {
  const tooLarge =
    /^preprocess: size of the photo, got 400\.0 megapixels \(20000 x 20000\), expected at most 33\.6 on this/;
  refused('limit', tooLarge, () => capacityFor(20000, 20000, torchvision));
  refused('limit', /at most 74898 rows/, () => capacityFor(1, 100000, finegrained, defaultTarget()));
  refused('limit', /side of the resized photo, got 256000000 px from 1000000/, () => geometry(1, 1e6, torchvision));
  refused('input', /size of the photo, got 0 x 5, expected whole numbers/, () => geometry(0, 5, torchvision));
  refused('input', /got 7 x NaN/, () => geometry(7, Number.NaN, torchvision));
});

test.run();
