// Safetensors: what is written is read back, and no damaged file gives anything but one clear line.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import type { TensorFile } from '../../src/graph/tensor.ts';
import { isRefusal, refused } from '../harness/refused.ts';

const file: TensorFile = {
  tensors: new Map([
    ['b.weight', { shape: [2, 3], data: Float32Array.of(0, -0, 1.5, -2.25, 1e-3, 3e4) }],
    ['a', { shape: [], data: Float32Array.of(7) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ]),
  metadata: { plumage: '{"model":"plain"}', author: 'a "quoted" \\ name' },
};

/** A file with this header, whatever it says, and so many bytes of data. */
function raw(header: unknown, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

test('F32 goes out and comes back unchanged', () => {
  const back = readSafetensors(writeSafetensors(file), 'f');
  assert.equal(back.metadata, file.metadata);
  assert.equal([...back.tensors.keys()], ['a', 'b.weight', 'empty']);
  for (const [name, tensor] of file.tensors) {
    assert.equal(back.tensors.get(name)!.shape, tensor.shape);
    assert.ok(Object.is(back.tensors.get(name)!.data[1], tensor.data[1]));
    assert.equal(back.tensors.get(name)!.data, tensor.data);
  }
});

test('the bytes do not depend on the order of insertion, and data starts at a multiple of 8', () => {
  const bytes = writeSafetensors(file);
  const shuffled = { tensors: new Map([...file.tensors].reverse()), metadata: file.metadata };
  assert.equal(writeSafetensors(shuffled), bytes);
  assert.is(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
});

test('aligned F32 is a view, unaligned a copy', () => {
  const bytes = writeSafetensors(file);
  assert.is(readSafetensors(bytes, 'f').tensors.get('b.weight')!.data.buffer, bytes.buffer);
  for (const moved of [new Uint8Array(bytes.length + 1), Buffer.alloc(bytes.length + 1)]) {
    moved.set(bytes, 1);
    const back = readSafetensors(moved.subarray(1), 'f').tensors.get('b.weight')!;
    assert.is.not(back.data.buffer, moved.buffer);
    assert.equal(back.data, file.tensors.get('b.weight')!.data);
  }
});

test('every F16 value survives, and every F32 value goes to a nearest F16 and BF16', () => {
  for (const dtype of ['F16', 'BF16'] as const) {
    const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const header = { x: { dtype, shape: [65536], data_offsets: [0, 131072] } };
    const bytes = raw(`${JSON.stringify(header)}${' '.repeat(-JSON.stringify(header).length & 7)}`, 131072);
    bytes.set(new Uint8Array(all.buffer), bytes.length - 131072);
    const { data } = readSafetensors(bytes, 'f').tensors.get('x')!;
    const again = writeSafetensors({ tensors: new Map([['x', { shape: [256, 256], data }]]), metadata: {} }, dtype);
    const written = new Uint16Array(again.slice(-131072).buffer);
    for (let i = 0; i < 65536; i++) {
      if (!Number.isNaN(data[i])) assert.is(written[i], i, `${dtype} ${i}`);
      else assert.ok(Number.isNaN(readBack(dtype, written[i]!)), `${dtype} NaN ${i}`);
    }
    // Between neighbours a and b the nearer one is taken; in the middle the even one.
    const finite = data.filter((value, i) => i < 32768 && Number.isFinite(value));
    const probes: number[] = [];
    const nearest: number[] = [];
    for (let i = 0; i + 1 < finite.length; i += 7) {
      const [a, b] = [finite[i]!, finite[i + 1]!];
      probes.push(a + (b - a) * 0.25, a + (b - a) * 0.5, a + (b - a) * 0.75);
      nearest.push(a, i % 2 === 0 ? a : b, b);
    }
    const values = Float32Array.from(probes);
    const tensors = new Map([['x', { shape: [values.length, 1], data: values }]]);
    const rounded = readSafetensors(writeSafetensors({ tensors, metadata: {} }, dtype), 'f').tensors.get('x')!.data;
    assert.equal(rounded, Float32Array.from(nearest), dtype);
  }
});

function readBack(dtype: string, bits: number): number {
  const bytes = raw({ x: { dtype, shape: [1], data_offsets: [0, 2] } }, 2);
  bytes.set([bits & 255, bits >> 8], bytes.length - 2);
  return readSafetensors(bytes, 'f').tensors.get('x')!.data[0]!;
}

test('a value too large for F16 is refused, not made an infinity', () => {
  const tensors = new Map([['x', { shape: [2, 1], data: Float32Array.of(1, 65520) }]]);
  refused(() => writeSafetensors({ tensors, metadata: {} }, 'F16'), 'input', /x\[1\]: value, got 65520/);
  const infinite = new Map([['x', { shape: [1, 1], data: Float32Array.of(Number.POSITIVE_INFINITY) }]]);
  const back = readSafetensors(writeSafetensors({ tensors: infinite, metadata: {} }, 'F16'), 'f');
  assert.is(back.tensors.get('x')!.data[0], Number.POSITIVE_INFINITY);
});

test('vectors stay F32 in a file of F16: variances pass its range', () => {
  const tensors = new Map([
    ['a.weight', { shape: [1, 3], data: Float32Array.of(1, 2, 3) }],
    ['b.running_var', { shape: [2], data: Float32Array.of(83_614.5, 1e-9) }],
  ]);
  const bytes = writeSafetensors({ tensors, metadata: {} }, 'F16');
  assert.equal(readSafetensors(bytes, 'f').tensors, tensors);
});

test('writing checks lengths', () => {
  const tensors = new Map([['x', { shape: [2, 2], data: new Float32Array(3) }]]);
  refused(() => writeSafetensors({ tensors, metadata: {} }), 'input', /x \(2, 2\): values, got 3, expected 4/);
});

test('num_batches_tracked is left out, another I64 is refused', () => {
  const i64 = { dtype: 'I64', shape: [], data_offsets: [0, 8] };
  assert.is(readSafetensors(raw({ 'bn1.num_batches_tracked': i64 }, 8), 'f').tensors.size, 0);
  refused(() => readSafetensors(raw({ index: i64 }, 8), 'f'), 'weights', /f: index: dtype, got I64/);
});

const damaged: [string, Uint8Array, RegExp][] = [
  ['nothing', new Uint8Array(0), /bytes, got 0/],
  ['seven bytes', new Uint8Array(7), /bytes, got 7/],
  ['header past the end', raw({}, 0).subarray(0, 9), /header length, got 2/],
  ['huge header length', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 123, 125), /header length/],
  ['not JSON', raw('{"x":', 0), /not valid JSON/],
  ['not UTF-8', raw('{"x"}', 0).map((byte) => (byte === 120 ? 200 : byte)), /not valid JSON/],
  ['not an object', raw('[1]', 0), /not a JSON object/],
  ['metadata not strings', raw({ __metadata__: { a: 1 } }, 0), /__metadata__/],
  ['entry not an object', raw({ x: 3 }, 0), /x: no valid dtype/],
  ['three offsets', raw({ x: { ...f32([1], 0, 4), data_offsets: [0, 4, 4] } }, 4), /x: no valid dtype/],
  ['negative shape', raw({ x: f32([-1], 0, 4) }, 4), /x: no valid dtype/],
  ['fractional offset', raw({ x: f32([1], 0.5, 4) }, 4), /x: no valid dtype/],
  ['size is not the shape', raw({ x: f32([2], 0, 4) }, 4), /x \(2\): bytes, got 4, expected 8/],
  ['overflowing shape', raw({ x: f32([2 ** 52, 2 ** 52], 0, 4) }, 4), /bytes, got 4/],
  ['end before begin', raw({ x: f32([1], 0, 4), y: f32([1], 4, 0) }, 4), /y: data begins/],
  ['overlap', raw({ x: f32([2], 0, 8), y: f32([1], 4, 8) }, 8), /y: data begins, got 4, expected 8/],
  ['gap', raw({ x: f32([1], 0, 4), y: f32([1], 8, 12) }, 12), /y: data begins, got 8, expected 4/],
  ['data too short', raw({ x: f32([2], 0, 8) }, 7), /bytes of data, got 7, expected 8/],
  ['data too long', raw({ x: f32([2], 0, 8) }, 9), /bytes of data, got 9, expected 8/],
  [
    'doubled name',
    raw(
      '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0078":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
    ),
    /x occurs twice/,
  ],
  ['name of two lines', raw({ 'a\nb': f32([1], 0, 4) }, 4), /not plain text: "a\\nb"/],
  ['unknown dtype', raw({ x: { ...f32([1], 0, 4), dtype: 'toString' } }, 4), /dtype, got toString/],
];
for (const [name, bytes, pattern] of damaged) {
  test(`refused: ${name}`, () => refused(() => readSafetensors(bytes, 'some.safetensors'), 'weights', pattern));
}

test('a key inside metadata may equal a tensor name, and a name may contain colons and braces', () => {
  const header = { __metadata__: { x: '{"x":1}', '}': ':' }, x: f32([1], 0, 4), '{:': f32([1], 4, 8) };
  assert.is(readSafetensors(raw(header, 8), 'f').tensors.size, 2);
});

test('fuzz: cut and flipped files give a valid result or one clear line', () => {
  const whole = writeSafetensors(file);
  const cut = fc.nat(whole.length);
  const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 4 });
  fc.assert(
    fc.property(cut, flips, (length, changes) => {
      const bytes = whole.slice();
      for (const [at, mask] of changes) bytes[at]! ^= mask;
      const part = bytes.subarray(0, changes.length ? whole.length : length);
      try {
        for (const { shape, data } of readSafetensors(part, 'f').tensors.values()) {
          assert.is(
            data.length,
            shape.reduce((a, b) => a * b, 1),
          );
        }
      } catch (error) {
        isRefusal(error, 'weights', /^f: /);
      }
    }),
    { numRuns: 2000 },
  );
});

test.run();
