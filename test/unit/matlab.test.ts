// .mat files that scipy wrote (test/fixtures/makeMatFiles.py), whole, cut short and with crafted sizes.

import { readFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PlumageError } from '../../src/errors.ts';
import { readMat } from '../../src/node/datasets/matlab.ts';
import { random } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

const read = (name: string) => readFileSync(`test/fixtures/goldens/mat/${name}.mat`);
const numbers = (...data: number[]) => ({ type: 'numbers', data });
const text = (value: string) => ({ type: 'text', text: value });

for (const file of ['values', 'valuesCompressed']) {
  test(`every kind of value: ${file}`, () => {
    const values = readMat(read(file), file);
    assert.equal(values.get('doubles'), numbers(0.5, 3, -2, 4, 1e300, 5)); // column-major
    assert.equal(values.get('singles'), numbers(0.5));
    assert.equal(values.get('shorts'), numbers(-3, 300));
    assert.equal(values.get('longs'), numbers(2 ** 40, -(2 ** 40)));
    assert.equal(values.get('bytes'), numbers(1, 2, 255));
    assert.equal(values.get('flags'), numbers(1, 0));
    assert.equal(values.get('complex'), numbers(1));
    assert.equal(values.get('empty'), numbers());
    assert.equal(values.get('none'), { type: 'cells', cells: [] });
    assert.equal(values.get('text'), text('plain'));
    assert.equal(values.get('accents'), text('Citroën – 車 \u{1f697}'));
    assert.equal(values.get('nothing'), text(''));
    const inner = { type: 'cells', cells: [numbers(7), text('b')] };
    assert.equal(values.get('nested'), { type: 'cells', cells: [text('a'), inner] });
    const point = values.get('point')!;
    assert.ok(point.type === 'structs' && point.structs.length === 1);
    assert.equal([...point.structs[0]!.keys()], ['x', 'label', 'inner']);
    assert.equal(point.structs[0]!.get('label'), text('here'));
    assert.equal(values.get('rows'), { type: 'other' });
    assert.equal(values.get('sparse'), { type: 'other' });
    assert.is(values.size, 16);
  });
}

test("MATLAB's own form: doubles in narrow integers, packed, compressed", () => {
  const annotations = readMat(read('cars_train_annos'), 'cars').get('annotations')!;
  assert.ok(annotations.type === 'structs');
  assert.equal(
    annotations.structs.map((each) => each.get('class')),
    [1, 3, 2, 3].map((value) => numbers(value)),
  );
  assert.equal(annotations.structs[3]!.get('bbox_x2'), numbers(303));
  assert.equal(annotations.structs[3]!.get('fname'), text('00004.jpg'));
});

test('a file cut short anywhere is refused, or lacks what was cut', () => {
  for (const file of ['cars_train_annos', 'values', 'valuesCompressed']) {
    const whole = read(file);
    const names = readMat(whole, file).size;
    for (let length = 0; length < whole.length; length += 7) {
      try {
        const got = readMat(whole.subarray(0, length), file).size;
        assert.ok(length >= 128 && got < names, `${file}: ${got} variables of ${names} in ${length} bytes`);
      } catch (error) {
        assert.instance(error, PlumageError, `${file} at ${length}: ${error}`);
        assert.not.match((error as Error).message, /\n/);
      }
    }
  }
  const cut = read('cars_train_annos').subarray(0, 250);
  refused(() => readMat(cut, 'a.mat'), 'input', /^a\.mat: an element .* longer than the file - the file is damaged/);
});

test('no changed byte hangs it or throws anything else', () => {
  const next = random(5);
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from(read('values'));
    for (let changes = 0; changes < 3; changes++) {
      bytes[128 + Math.floor(next() * (bytes.length - 128))] = next() < 0.5 ? 255 : Math.floor(next() * 256);
    }
    try {
      readMat(bytes, 'values');
    } catch (error) {
      if (!(error instanceof PlumageError)) throw error;
    }
  }
});

test('what else it refuses', () => {
  const file = (patch: (bytes: Buffer) => void) => {
    const bytes = Buffer.from(read('cars_meta'));
    patch(bytes);
    return () => readMat(bytes, 'm.mat');
  };
  refused(() => readMat(Buffer.alloc(0), 'm.mat'), 'input', /format, got 0 bytes, expected MATLAB's level 5/);
  refused(() => readMat(Buffer.from('\x89HDF'.repeat(99)), 'm.mat'), 'input', /^m\.mat: format, got another/);
  const newer = file((bytes) => bytes.writeUInt16LE(0x200, 124));
  refused(newer, 'input', /version, got 7\.3 \(HDF5\), expected MATLAB 5 - save it with -v7/);
  const bigEndian = file((bytes) => bytes.write('MI', 126));
  refused(bigEndian, 'input', /got a big-endian one/);
  const many = file((bytes) => bytes.writeUInt32LE(2_000_000_000, 128 + 8 + 16 + 8 + 4));
  refused(many, 'input', /an array of 2000000000 elements has \d+ bytes/);
  const bomb = deflateSync(Buffer.alloc(2 ** 27));
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(bomb.length, 4);
  const header = read('cars_meta').subarray(0, 128);
  refused(
    () => readMat(Buffer.concat([header, tag, bomb]), 'm.mat'),
    'input',
    /^m\.mat: Cannot create a Buffer larger/,
  );
});

test.run();
