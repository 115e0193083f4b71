// Heatmaps, pixel by pixel: where panels stand, that heat lies where the map is greatest, and the lettering.

import sharp from 'sharp';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { atSize, croppedPart, preprocessPresets, stretched } from '../../src/data/preprocess.ts';
import { heatmap } from '../../src/node/heatmap.ts';
import { fitText, textPath, textWidth } from '../../src/node/lettering.ts';
import { type AttentionMap, inferno } from '../../src/report/heat.ts';

type Pixel = readonly [r: number, g: number, b: number];

const MARGIN = 24;
const TOP = MARGIN + 30;
const GAP = 12;

function photo(width: number, height: number, colour: (x: number, y: number) => Pixel) {
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    data.set([...colour(i % width, Math.floor(i / width)), 255], 4 * i);
  }
  return { width, height, data };
}

const grey = photo(100, 100, () => [128, 128, 128]);
const whole = { left: 0, top: 0, width: 100, height: 100 };
const map = (name: string, width: number, data: readonly number[]): AttentionMap => {
  return { name, width, height: data.length / width, data };
};
const caption = [{ label: 'Boeing 747-400', probability: 0.9 }];

async function pixels(png: Buffer) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): Pixel => {
    const i = info.channels * (Math.round(y) * info.width + Math.round(x));
    return [data[i]!, data[i + 1]!, data[i + 2]!];
  };
  return { width: info.width, height: info.height, at };
}

const light = ([r, g, b]: Pixel) => 0.299 * r + 0.587 * g + 0.114 * b;
/** Left edge of panel i where all are square. */
const panel = (i: number) => MARGIN + i * (400 + GAP);

test('panels of 160000 pixels side by side, the caption below', async () => {
  const maps = [map('a', 2, [1, 2, 3, 4]), map('b', 1, [1])];
  const square = await pixels(await heatmap(grey, whole, maps, caption));
  assert.equal([square.width, square.height], [2 * MARGIN + 3 * 400 + 2 * GAP, TOP + 400 + GAP + 34 + MARGIN]);
  const wide = photo(400, 100, () => [9, 9, 9]);
  const drawn = await pixels(
    await heatmap(wide, { left: 100, top: 0, width: 200, height: 100 }, maps, [...caption, ...caption]),
  );
  assert.equal(
    [drawn.width, drawn.height],
    [2 * MARGIN + 283 * 4 + 2 * 565 + 2 * GAP, TOP + 283 + GAP + 2 * 34 + MARGIN],
  );
});

test('the colour is hottest in the brightest cell of every map, whatever its size', async () => {
  for (const [size, brightest] of [
    [2, 3],
    [4, 6],
    [7, 30],
    [14, 0],
    [56, 3135],
  ] as const) {
    const data = Array.from({ length: size * size }, (_, i) => (i === brightest ? 1 : 0.2 + 0.0001 * (i % 3)));
    const { at } = await pixels(await heatmap(grey, whole, [map('a', size, data)], caption));
    let hottest = { x: 0, y: 0, light: -1 };
    for (let y = 0; y < 400; y++) {
      for (let x = 0; x < 400; x++) {
        const here = light(at(panel(1) + x, TOP + y));
        if (here > hottest.light) hottest = { x, y, light: here };
      }
    }
    const cell = Math.floor((hottest.y * size) / 400) * size + Math.floor((hottest.x * size) / 400);
    assert.is(cell, brightest, `map of ${size} x ${size}`);
  }
});

test('between cells the heat falls evenly', async () => {
  const { at } = await pixels(await heatmap(grey, whole, [map('a', 2, [0, 1, 0, 1])], caption));
  const row = Array.from({ length: 400 }, (_, x) => light(at(panel(1) + x, TOP + 200)));
  assert.ok(
    row.every((value, x) => x === 0 || value >= row[x - 1]! - 1),
    'grows to the right',
  );
  assert.ok(row[399]! - row[0]! > 60, `from ${row[0]} to ${row[399]}`);
  assert.is(row[0], row[99], 'constant from the first centre outwards');
  const { at: mirrored } = await pixels(await heatmap(grey, whole, [map('a', 2, [1, 0, 1, 0])], caption));
  row.forEach((value, x) => {
    assert.ok(Math.abs(value - light(mirrored(panel(1) + 399 - x, TOP + 200))) <= 1, `mirrored at ${x}`);
  });
});

test('a map without differences is dark everywhere, and so is one of zeros', async () => {
  for (const value of [0.25, 0]) {
    const { at } = await pixels(await heatmap(grey, whole, [map('a', 2, [value, value, value, value])], caption));
    assert.equal(at(panel(1), TOP), at(panel(1) + 399, TOP + 399));
    assert.ok(light(at(panel(1) + 200, TOP + 200)) < 80);
  }
});

test('a nearly even map stays dark', async () => {
  const hottest = async (peak: number) => {
    const { at } = await pixels(await heatmap(grey, whole, [map('a', 2, [1, 1, 1, peak])], caption));
    return light(at(panel(1) + 399, TOP + 399));
  };
  assert.ok((await hottest(1.1)) < 80 && (await hottest(2)) > 150);
});

test('the maps lie over the crop; in the photo all else is dark and the crop framed', async () => {
  const halves = photo(200, 100, (x) => (x < 100 ? [200, 0, 0] : [0, 0, 200]));
  const crop = { left: 100, top: 0, width: 100, height: 100 };
  const { at } = await pixels(await heatmap(halves, crop, [map('a', 1, [1])], caption));
  assert.equal(at(MARGIN + 100, TOP + 200), [90, 0, 0]);
  assert.equal(at(MARGIN + 600, TOP + 200), [0, 0, 200]);
  assert.equal(at(MARGIN + 400, TOP + 200), [255, 255, 255]);
  const over = MARGIN + 800 + GAP;
  for (const x of [0, 200, 399]) {
    const [r, , b] = at(over + x, TOP + 200);
    assert.ok(b > r + 30, `blue at ${x}`);
  }
});

test('long labels are cut to fit, markup is text, and the same picture is the same bytes', async () => {
  const draw = (label: string) => heatmap(grey, whole, [map('a', 1, [1])], [{ label, probability: 1 }]);
  assert.equal(await draw('<b>AT&T</b> "Ü" 7'), await draw('<b>AT&T</b> "Ü" 7'));
  const { width, at } = await pixels(await draw('long '.repeat(100)));
  assert.ok((await pixels(await draw('short'))).width === width);
  const background = at(0, 0);
  const rows = Array.from({ length: 30 }, (_, i) => at(width - 1, TOP + 400 + GAP + i));
  assert.ok(
    rows.every((pixel) => pixel.join() === background.join()),
    'nothing reaches the edge',
  );
});

test('photos of extreme shapes are drawn in panels that can be looked at', async () => {
  for (const [w, h] of [
    [4000, 1],
    [1, 4000],
    [1, 1],
  ] as const) {
    const thin = photo(w, h, () => [50, 60, 70]);
    const { width, height } = await pixels(
      await heatmap(thin, { left: 0, top: 0, width: w, height: h }, [map('a', 1, [1])], caption),
    );
    assert.ok(width < 3000 && height < 1500, `${width} x ${height}`);
  }
});

test('lettering: widths add up, text is cut to its room, scripts of Inter have glyphs', () => {
  assert.ok(Math.abs(textWidth('ab', 20) - textWidth('a', 20) - textWidth('b', 20)) < 1e-9);
  assert.is(textWidth('abc', 40), 2 * textWidth('abc', 20));
  assert.is(fitText('abc', 20, 1000), 'abc');
  const cut = fitText('a long label that does not fit', 20, 120);
  assert.match(cut, /^a long .*…$/);
  assert.ok(textWidth(cut, 20) <= 120 && textWidth(`${cut}m`, 20) > 110);
  assert.is(fitText('abc', 20, 1), '');
  const shape = (text: string) => textPath(text, 0, 0, { size: 20, fill: '#fff' });
  const box = shape('\u{10ffff}');
  for (const letter of ['A', 'é', 'Š', 'Я', 'Ω', 'ờ', '7']) assert.is.not(shape(letter), box, letter);
  assert.is(shape('e\u0301'), shape('é'));
});

test('inferno grows lighter evenly and stops at its ends', () => {
  const lights = Array.from({ length: 101 }, (_, i) => light(inferno(i / 100)));
  assert.ok(lights.every((value, i) => i === 0 || value > lights[i - 1]!));
  assert.equal(inferno(-1), inferno(0));
  assert.equal(inferno(2), inferno(1));
});

test('the part of the photo that the central crop shows', () => {
  const fine = stretched(preprocessPresets.torchvision);
  assert.equal(croppedPart(1100, 550, fine), { left: 102, top: 51, width: 896, height: 448 });
  assert.equal(croppedPart(640, 512, preprocessPresets.torchvision), { left: 96, top: 32, width: 448, height: 448 });
  assert.equal(croppedPart(1, 1, atSize(fine, 224)), { left: 0, top: 0, width: 1, height: 1 });
});

test.run();
