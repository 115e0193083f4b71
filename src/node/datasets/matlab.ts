// Reads MATLAB's level 5 .mat files: numbers, text, cells and structs, as flat lists in the file's order (column-major).
// Other classes (objects, sparse matrices, functions) and imaginary parts are left out; level 7.3, which is HDF5, is refused.
// NOTE: ours, as the reader that npm has hangs on crafted sizes, fails on text beyond ASCII, and is under the GPL.

import { inflateSync } from 'node:zlib';
import { mismatch, PlumageError } from '../../errors.ts';

export type MatValue =
  | { readonly type: 'numbers'; readonly data: readonly number[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'cells'; readonly cells: readonly MatValue[] }
  | { readonly type: 'structs'; readonly structs: readonly ReadonlyMap<string, MatValue>[] }
  | { readonly type: 'other' };

/** Bytes that one file may inflate to, all variables together; the largest of the Cars files has about 7 MB. */
const MOST_BYTES = 2 ** 26;
const MOST_DEPTH = 16;

// Data types of elements; numbers below.
const [INT8, UINT8, UINT16, MATRIX, COMPRESSED] = [1, 2, 4, 14, 15] as const;
const [UTF8, UTF16, UTF32] = [16, 17, 18] as const;
// Classes of arrays; 6 to 15 are numbers.
const [CELL, STRUCT, CHAR, DOUBLE, UINT64] = [1, 2, 4, 6, 15] as const;

type ReadNumber = (view: DataView, at: number) => number;
const NUMBERS: ReadonlyMap<number, readonly [bytes: number, read: ReadNumber]> = new Map<number, [number, ReadNumber]>([
  [INT8, [1, (view, at) => view.getInt8(at)]],
  [UINT8, [1, (view, at) => view.getUint8(at)]],
  [3, [2, (view, at) => view.getInt16(at, true)]],
  [UINT16, [2, (view, at) => view.getUint16(at, true)]],
  [5, [4, (view, at) => view.getInt32(at, true)]],
  [6, [4, (view, at) => view.getUint32(at, true)]],
  [7, [4, (view, at) => view.getFloat32(at, true)]],
  [9, [8, (view, at) => view.getFloat64(at, true)]],
  [12, [8, (view, at) => Number(view.getBigInt64(at, true))]],
  [13, [8, (view, at) => Number(view.getBigUint64(at, true))]],
]);

/** Variables of the file by name. @throws PlumageError `input` for another format and for a damaged file. */
export function readMat(bytes: Uint8Array, where: string): Map<string, MatValue> {
  const view = viewOf(bytes);
  const mark = bytes.length < 128 ? '' : String.fromCharCode(bytes[126]!, bytes[127]!);
  if (mark !== 'IM') {
    const got = bytes.length < 128 ? `${bytes.length} bytes` : mark === 'MI' ? 'a big-endian one' : 'another';
    throw mismatch('input', where, 'format', got, "MATLAB's level 5, little-endian", 'save it with -v7');
  }
  const version = view.getUint16(124, true);
  if (version !== 0x100) {
    const got = version === 0x200 ? '7.3 (HDF5)' : version;
    throw mismatch('input', where, 'version', got, 'MATLAB 5', 'save it with -v7');
  }
  const variables = new Map<string, MatValue>();
  try {
    const reader = new Reader(view, 128, bytes.length);
    let room = MOST_BYTES;
    while (reader.left > 0) {
      let element = reader.element();
      if (element.type === COMPRESSED) {
        const plain = inflateSync(element.bytes, { maxOutputLength: room });
        room -= plain.length;
        element = new Reader(viewOf(plain), 0, plain.length).element();
      }
      if (element.type !== MATRIX) continue;
      const { name, value } = matrix(element.inside, 0);
      if (name) variables.set(name, value);
    }
  } catch (error) {
    if (!(error instanceof Damage) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    const what = (error as Error).message;
    throw new PlumageError('input', `${where}: ${what} - the file is damaged or incomplete, fetch it again`);
  }
  return variables;
}

class Damage extends Error {}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** One data element: its type and its bytes. */
interface Element {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly inside: Reader;
}

/** Steps through the elements between two places; none reaches beyond. */
class Reader {
  constructor(
    readonly view: DataView,
    private at: number,
    readonly end: number,
  ) {}

  get left(): number {
    return this.end - this.at;
  }

  element(): Element {
    const { view, at } = this;
    if (this.left < 8) throw new Damage(`the file ends within an element at byte ${at}`);
    const word = view.getUint32(at, true);
    // The packed form: type and size in one word, up to 4 bytes of data in the next.
    const packed = word >>> 16 !== 0;
    const [type, size] = packed ? [word & 0xffff, word >>> 16] : [word, view.getUint32(at + 4, true)];
    const start = at + (packed ? 4 : 8);
    if (size > (packed ? 4 : this.end - start)) throw new Damage(`an element at byte ${at} is longer than the file`);
    const end = start + size;
    // Elements begin at multiples of 8, but for what follows a compressed one.
    this.at = packed ? at + 8 : Math.min(this.end, type === COMPRESSED ? end : start + Math.ceil(size / 8) * 8);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, size);
    return { type, bytes, inside: new Reader(view, start, end) };
  }

  numbers(): number[] {
    const { type, bytes } = this.element();
    const [size, read] = NUMBERS.get(type) ?? [0, undefined];
    if (!read || bytes.length % size !== 0) throw new Damage(`an element of type ${type} where numbers belong`);
    const view = viewOf(bytes);
    return Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
  }

  text(): string {
    const { type, bytes } = this.element();
    if (type === INT8 || type === UINT8) return Buffer.from(bytes).toString('latin1');
    if (type === UTF8) return new TextDecoder().decode(bytes);
    if (type === UINT16 || type === UTF16) {
      return new TextDecoder('utf-16le', { ignoreBOM: true }).decode(bytes);
    }
    if (type !== UTF32 || bytes.length % 4 !== 0) throw new Damage(`an element of type ${type} where text belongs`);
    const view = viewOf(bytes);
    const points = Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
    return points.map((point) => (point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd')).join('');
  }
}

/** Flags, dimensions, name, then what the class says. */
function matrix(reader: Reader, depth: number): { name: string; value: MatValue } {
  if (reader.left === 0) return { name: '', value: { type: 'numbers', data: [] } };
  if (depth > MOST_DEPTH) throw new Damage(`arrays are nested more than ${MOST_DEPTH} deep`);
  const flags = reader.numbers()[0] ?? 0;
  const dimensions = reader.numbers();
  const name = reader.text();
  const count = dimensions.reduce((product, each) => product * each, 1);
  if (dimensions.length < 2 || dimensions.some((each) => each < 0)) throw new Damage('an array has no size');
  return { name, value: readArray(reader, flags & 0xff, count, dimensions[0]!, depth) };
}

function readArray(reader: Reader, kind: number, count: number, height: number, depth: number): MatValue {
  const nested = (): MatValue => {
    const { type, inside } = reader.element();
    if (type !== MATRIX) throw new Damage(`an element of type ${type} where an array belongs`);
    return matrix(inside, depth + 1).value;
  };
  // An element takes 8 bytes at least: no size that is claimed costs more than the file's own bytes.
  const checkCount = (elements: number) => {
    if (elements > reader.left / 8) throw new Damage(`an array of ${elements} elements has ${reader.left} bytes`);
  };
  if (kind === CELL) {
    checkCount(count);
    return { type: 'cells', cells: Array.from({ length: count }, nested) };
  }
  if (kind === STRUCT) {
    const length = reader.numbers()[0] ?? 0;
    const names = reader.text();
    if (length < 1 || names.length % length !== 0) throw new Damage('the fields of a struct have no names');
    const fields = Array.from({ length: names.length / length }, (_, i) => {
      return names.slice(i * length, (i + 1) * length).replace(/\0.*$/s, '');
    });
    checkCount(Math.max(count, 1) * fields.length); // a struct without fields has no elements
    if (fields.length === 0) return { type: 'structs', structs: [] };
    const structs = Array.from({ length: count }, () => new Map(fields.map((field) => [field, nested()])));
    return { type: 'structs', structs };
  }
  if (kind === CHAR) {
    if (count === 0) return { type: 'text', text: '' };
    return height === 1 ? { type: 'text', text: reader.text() } : { type: 'other' };
  }
  if (kind < DOUBLE || kind > UINT64) return { type: 'other' };
  const data = count === 0 && reader.left === 0 ? [] : reader.numbers();
  if (data.length !== count) throw new Damage(`an array of ${count} numbers has ${data.length}`);
  return { type: 'numbers', data };
}
