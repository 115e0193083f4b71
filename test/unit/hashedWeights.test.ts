// Hashed weights and images are those that PyTorch's goldens were made with, bit for bit (test/fixtures/makeHashes.py).

import { crc32 } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import golden from '../fixtures/goldens/hashed.json';
import { hashedNoise, hashedPhoto, hashedWeights } from '../harness/hashedWeights.ts';

const checksum = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  crc32(new Uint8Array(buffer, byteOffset, byteLength));

for (const { name, shape, crc32: want } of golden.weights) {
  test(name, () => {
    assert.is(checksum(hashedWeights(new Map([[name, shape]]))[name]!.data), want);
  });
}

test('noise', () => {
  const { shape, crc32: want } = golden.noise;
  assert.is(checksum(hashedNoise(shape.join('x'), shape)), want);
});

test('photo', () => {
  const { size, crc32: want } = golden.photo;
  assert.is(checksum(hashedPhoto('photo/1', size)), want);
});

test.run();
