// PyTorch's .pth files: goldens made by makeTorchFiles.py, refusals, and damaged files.

import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PickleGlobal, readPickle } from '../../src/formats/pickle.ts';
import { readTorch } from '../../src/formats/torch.ts';
import { isRefusal, refused } from '../harness/refused.ts';

const FOLDER = 'test/fixtures/goldens/torch';
const golden = (name: string) => new Uint8Array(readFileSync(`${FOLDER}/${name}.pth`));
const expected: Record<string, Record<string, { shape: number[]; data: number[] }>> = JSON.parse(
  readFileSync(`${FOLDER}/expected.json`, 'utf8'),
);

for (const [name, tensors] of Object.entries(expected)) {
  test(`${name}.pth holds what PyTorch says`, () => {
    const file = readTorch(golden(name), name);
    assert.equal([...file.tensors.keys()].sort(), Object.keys(tensors).sort());
    for (const [key, { shape, data }] of Object.entries(tensors)) {
      const tensor = file.tensors.get(key)!;
      assert.equal(tensor.shape, shape, key);
      // As bits: -0 is not 0.
      assert.equal(new Uint32Array(tensor.data.slice().buffer), new Uint32Array(Float32Array.from(data).buffer), key);
    }
  });
}

test('contiguous tensors share memory with their storage', () => {
  const { tensors } = readTorch(golden('strided'), 'strided');
  assert.is(tensors.get('offset')!.data.buffer, tensors.get('shared')!.data.buffer);
  assert.is.not(tensors.get('transposed')!.data.buffer, tensors.get('shared')!.data.buffer);
});

for (const [name, pattern] of [
  ['maliciousSystem', /names the class "posix\.system"/],
  ['maliciousEval', /names the class "__builtin__\.eval"/],
  ['wholeModel', /names the class "torch\.nn\.modules\.activation\.ReLU"/],
  ['integers', /weight: type, got LongStorage/],
  ['notTensors', /weight is not a tensor/],
  ['tensorOnly', /holds no state_dict/],
  ['old', /before 1\.6 - torch\.load and torch\.save it again/],
  ['deflated', /compression, got 8/],
] as const) {
  test(`${name}.pth is refused`, () => refused(() => readTorch(golden(name), `${name}.pth`), 'weights', pattern));
}

/** The golden with some entries replaced (undefined: left out), checksums right. */
function rezip(name: string, change: (files: Record<string, Uint8Array>) => Record<string, Uint8Array | undefined>) {
  const files = unzipSync(golden(name));
  const all = Object.entries({ ...files, ...change(files) });
  return zipSync(Object.fromEntries(all.filter((entry): entry is [string, Uint8Array] => !!entry[1])), { level: 0 });
}

test('an entry that is missing, too short or of the other byte order is refused', () => {
  const read = (change: Parameters<typeof rezip>[1]) => () => readTorch(rezip('stateDict', change), 'f');
  read(() => ({}))();
  refused(
    read(() => ({ 'stateDict/data/0': undefined })),
    'weights',
    /storage "0": bytes, got undefined/,
  );
  refused(
    read((f) => ({ 'stateDict/data/0': f['stateDict/data/0']!.slice(4) })),
    'weights',
    /storage "0": bytes/,
  );
  refused(
    read(() => ({ 'stateDict/byteorder': new TextEncoder().encode('big') })),
    'weights',
    /byte order, got big/,
  );
  refused(
    read(() => ({ 'stateDict/data.pkl': undefined })),
    'weights',
    /not one of torch\.save/,
  );
});

test('a flipped bit in the values is noticed by the checksum', () => {
  const bytes = golden('stateDict');
  const values = unzipSync(bytes)['stateDict/data/0']!;
  bytes[Buffer.from(bytes.buffer).indexOf(values)]! ^= 4;
  refused(() => readTorch(bytes, 'f'), 'weights', /checksum/);
});

/** A pickle from opcodes and ASCII text. */
const pickle = (...parts: (number | string)[]) =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : [part])));
const hooks = {
  globals: new Map([
    ['ok.call', new PickleGlobal('ok.call', (args) => args)],
    ['ok.type', new PickleGlobal('ok.type')],
  ]),
  persistent: (id: unknown) => id,
};

test('numbers come out as Python means them', () => {
  const cases: [Uint8Array, number][] = [
    [pickle('K', 200, '.'), 200],
    [pickle('M', 1, 2, '.'), 513],
    [pickle('J', 0xfe, 0xff, 0xff, 0xff, '.'), -2],
    [pickle(0x8a, 0, '.'), 0],
    [pickle(0x8a, 1, 0xff, '.'), -1],
    [pickle(0x8a, 6, 0, 0, 0, 0, 0, 1, '.'), 2 ** 40],
    [pickle('G', 0xbf, 0xf8, 0, 0, 0, 0, 0, 0, '.'), -1.5],
  ];
  for (const [bytes, value] of cases) assert.is(readPickle(bytes, 'f', hooks), value);
  assert.equal(readPickle(pickle(0x80, 2, 'cok\ncall\n(K', 1, 'K', 2, 'tR.'), 'f', hooks), [1, 2]);
});

for (const [name, bytes, pattern] of [
  ['a class by INST', pickle('(ios\nsystem\n.'), /opcode 0x69/],
  ['a class by NEWOBJ', pickle('cok\ntype\n)', 0x81, '.'), /opcode 0x81/],
  ['a class by STACK_GLOBAL', pickle('X', 2, 0, 0, 0, 'osX', 6, 0, 0, 0, 'system', 0x93, '.'), /opcode 0x93/],
  ['an extension code', pickle(0x82, 1, '.'), /opcode 0x82/],
  ['bytes of negative length', pickle('B', 0xfb, 0xff, 0xff, 0xff, '.'), /opcode 0x42/],
  ['a call of a class', pickle('cok\ntype\n)R.'), /calls what is not a function/],
  ['a call of a dictionary', pickle('})R.'), /calls what is not a function/],
  ['a call without a tuple', pickle('cok\ncall\nNR.'), /calls what is not a function/],
  ['state for a class', pickle('cok\ntype\n}b.'), /sets the state/],
  ['an empty stack', pickle('.'), /stack is empty/],
  ['a pop below a mark', pickle('K', 1, '(R.'), /stack is empty/],
  ['no mark', pickle('t.'), /no mark/],
  ['an unknown memo', pickle('h', 9, '.'), /has not stored/],
  ['append to a number', pickle('K', 1, 'Na.'), /not a list/],
  ['items of a list', pickle(']NNs.'), /not a dictionary/],
  ['an odd number of items', pickle('}(Nu.'), /not a dictionary/],
  ['the end missing', pickle('K', 1), /ends too early/],
  ['a name without end', pickle('cok\ncall'), /does not end/],
  ['text past the end', pickle('X', 255, 255, 255, 255, 'a.'), /ends too early/],
  ['an integer of 9 bytes', pickle(0x8a, 9, '123456789.'), /integer of 9 bytes/],
  [
    'a long key',
    pickle('}X', 0xe9, 3, 0, 0, 'k'.repeat(1001), 'Ns.'),
    /a key of 1001 characters, expected at most 1000/,
  ],
  ['protocol 5', pickle(0x80, 5, 'N.'), /protocol 5/],
] as const) {
  test(`pickle with ${name} is refused`, () => refused(() => readPickle(bytes, 'f', hooks), 'weights', pattern));
}

/** A file with this pickle, in which memo 0 is the function that makes tensors and memo 1 a storage of 4 bytes under `key`. */
function crafted(key: string, ...parts: (number | string)[]): Uint8Array {
  const id = [
    '(X',
    7,
    0,
    0,
    0,
    'storagectorch\nFloatStorage\nX',
    key.length & 255,
    key.length >> 8,
    0,
    0,
    key,
    'NK',
    1,
    't',
  ];
  const made = pickle('ctorch._utils\n_rebuild_tensor_v2\nq', 0, ...id, 'Qq', 1, ...parts);
  return zipSync({ 'f/data.pkl': made, [`f/data/${key}`]: new Uint8Array(4) }, { level: 0 });
}
/** A list of `length` times the same size, in memo `index`. */
const sizes = (length: number, size: number, index: number) =>
  [']q', index, '(', ...Array(length).fill(['K', size]), 'e'].flat();
const REBUILD = ['h', 0, '(h', 1, 'K', 0, 'h', 2, 'h', 3, 'tR'];

test('lists and names that a small file could have read again and again are refused by their length', () => {
  const tensor = (axes: number) =>
    crafted('0', ...sizes(axes, 1, 2), ...sizes(axes, 0, 3), '}X', 1, 0, 0, 0, 'w', ...REBUILD, 's.');
  assert.equal(readTorch(tensor(8), 'f').tensors.get('w')!.shape, Array(8).fill(1));
  refused(() => readTorch(tensor(9), 'f'), 'weights', /shape and strides of at most 8 axes/);
  assert.is(readTorch(crafted('k'.repeat(200), '}.'), 'f').tensors.size, 0);
  refused(() => readTorch(crafted('k'.repeat(201), '}.'), 'f'), 'weights', /a storage without class, key and length/);
});

test('a shape that grows after its tensor was made leaves the tensor as it was', () => {
  const grow = ['h', 2, 'K', 7, 'ah', 3, 'K', 1, 'a'];
  const file = crafted(
    '0',
    ...sizes(1, 1, 2),
    ...sizes(1, 1, 3),
    ...REBUILD,
    'q',
    4,
    ...grow,
    '}X',
    1,
    0,
    0,
    0,
    'wh',
    4,
    's.',
  );
  const { shape, data } = readTorch(file, 'f').tensors.get('w')!;
  assert.equal([shape, data.length], [[1], 1]);
});

/** Reads a damaged file: a valid result or one clear line, nothing else. */
function readDamaged(bytes: Uint8Array): void {
  try {
    for (const { shape, data } of readTorch(bytes, 'f').tensors.values()) {
      assert.is(
        data.length,
        shape.reduce((a, b) => a * b, 1),
      );
    }
  } catch (error) {
    isRefusal(error, 'weights', /^f: /);
  }
}

const flips = (length: number) =>
  fc.array(fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 });
const flipped = (bytes: Uint8Array, changes: [number, number][]) => {
  const copy = bytes.slice();
  for (const [at, mask] of changes) copy[at]! ^= mask;
  return copy;
};

for (const name of ['strided', 'dtypes', 'underModel']) {
  const whole = golden(name);
  const path = `${name}/data.pkl`;
  const inner = unzipSync(whole)[path]!;
  test(`fuzz: ${name}.pth cut and flipped`, () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => readDamaged(whole.slice(0, length))),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(flips(whole.length), (changes) => readDamaged(flipped(whole, changes))),
      { numRuns: 500 },
    );
  });
  test(`fuzz: ${name}.pth with a flipped pickle and right checksums`, () => {
    const read = (changes: [number, number][]) => readDamaged(rezip(name, () => ({ [path]: flipped(inner, changes) })));
    fc.assert(fc.property(flips(inner.length), read), { numRuns: 500 });
  });
}

test.run();
