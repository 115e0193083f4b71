// The training recipe's crops: their range and chances, and their pixels against Pillow's.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { trainingCrop, trainingPadding } from '../../src/data/augment.ts';
import { atSize, geometry, preprocessPresets, stretched } from '../../src/data/preprocess.ts';
import { resizeColumnsReference } from '../../src/kernels/resizeColumns.ts';
import { resizeRowsReference } from '../../src/kernels/resizeRows.ts';
import goldens from '../fixtures/goldens/augment.json';
import { random } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';
import { noisePhoto } from '../harness/resize.ts';

const recipe = stretched(preprocessPresets.torchvision);

test('the recipe at 448 pads 8 and crops 448 from 566', () => {
  assert.equal([448, 224, 112, 96, 64].map(trainingPadding), [8, 4, 2, 2, 1]);
  assert.equal(
    [224, 112, 96].map((size) => atSize(recipe, size).resize),
    [275, 138, 118],
  );
  const drawn = Array.from({ length: 4000 }, trainingCrop.bind(undefined, random(3), recipe, 8));
  for (const key of ['left', 'top'] as const) {
    const offsets = drawn.map((crop) => crop[key]);
    assert.equal([Math.min(...offsets), Math.max(...offsets)], [-8, 550 + 8 - 448]);
    const mean = offsets.reduce((a, b) => a + b) / offsets.length;
    assert.ok(Math.abs(mean - 51) < 3, `mean ${mean}`); // the standard error is 0.54
  }
  const flips = drawn.filter(({ flip }) => flip).length;
  assert.ok(Math.abs(flips - 2000) < 150, `${flips} flips`);
});

test('the ends of the range, and the order of drawing: top, left, flip', () => {
  const stream = (...values: number[]) => {
    return () => values.shift()!;
  };
  assert.equal(trainingCrop(stream(0, 1 - 2 ** -32, 0.5), recipe), { top: -8, left: 110, flip: false });
  assert.equal(trainingCrop(stream(0.5, 0, 0.49), recipe), { top: 51, left: -8, flip: true });
  const plain = { ...recipe, size: 112, resize: 128 };
  assert.equal(trainingCrop(stream(0.99, 0.5, 0), plain, 0), { top: 16, left: 8, flip: true });
});

test('the same seed gives the same crops', () => {
  const crops = (seed: number) => {
    const next = random(seed);
    return Array.from({ length: 9 }, () => trainingCrop(next, recipe));
  };
  assert.equal(crops(1), crops(1));
  assert.not.equal(crops(1), crops(2));
});

test('the pixels are those of Pillow: resized, padded, cropped, flipped', () => {
  for (const { width, height, size, resize, padding, left, top, flip, pixels } of goldens) {
    const config = { ...recipe, size, resize };
    const crop = { left: left - padding, top: top - padding, flip };
    const { words, rows } = geometry(width, height, config, crop);
    const k = { PIXELS: width * height, ROWS: rows, SIZE: size, CUBIC: 0, WORKGROUP: 64 };
    const { y } = resizeRowsReference({ photo: noisePhoto(width, height), geometry: words }, k);
    const plain = { BGR: 0, MULTIPLY_0: 1, MULTIPLY_1: 1, MULTIPLY_2: 1, ADD_0: 0, ADD_1: 0, ADD_2: 0 };
    const { x } = resizeColumnsReference({ y: y!, geometry: words }, { ...k, ...plain });
    assert.equal([...x!], [...Buffer.from(pixels, 'base64')], `${width}x${height} at ${left}, ${top}`);
  }
});

test('what has no crop is refused', () => {
  const kept = preprocessPresets.torchvision;
  refused(() => trainingCrop(random(1), kept), 'input', /resize, got one that keeps the aspect/);
  refused(() => trainingCrop(random(1), { ...recipe, resize: 400 }), 'input', /got 448 px, expected at most the 416/);
});

test.run();
