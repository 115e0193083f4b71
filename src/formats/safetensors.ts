// The safetensors format, read and written: an 8-byte header length, a JSON header, then the raw values.

import { mismatch, PlumageError } from '../errors.ts';
import { checkName, type Tensor, type TensorFile } from '../graph/tensor.ts';
import { narrowBF16, narrowF16, widenBF16, widenF16 } from './float16.ts';

type Dtype = 'F32' | 'F16' | 'BF16';

const BYTES: ReadonlyMap<string, number> = new Map<Dtype, number>([
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
]);
/** The format's own bound on its header. */
const MAX_HEADER = 100_000_000;
const DAMAGED = 'the file is damaged, fetch or save it again';

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads F32, F16 and BF16 tensors, widened to f32. F32 data that is 4-byte aligned is a view into `bytes`; other data is
 * made anew each time that it is asked for, so that no second copy of a large file is kept. Integer tensors named `*num_batches_tracked` are left out.
 * @throws PlumageError `weights` for a damaged file or another dtype; `where` names the file in it.
 */
export function readSafetensors(bytes: Uint8Array, where: string): TensorFile {
  const { entries, metadata, start } = readHeader(bytes, where);
  checkLayout(entries, bytes.length - start, where);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const raw = bytes.subarray(start + begin, start + end);
    if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') {
      tensors.set(name, {
        shape,
        get data() {
          return valuesOf(dtype, raw);
        },
      });
    } else if (!name.endsWith('num_batches_tracked')) {
      throw mismatch('weights', `${where}: ${name}`, 'dtype', dtype, 'F32, F16 or BF16', 'save it as one of these');
    }
  }
  return { tensors, metadata };
}

function valuesOf(dtype: Dtype, raw: Uint8Array): Float32Array {
  if (dtype !== 'F32') return dtype === 'F16' ? widenF16(halves(raw)) : widenBF16(halves(raw));
  const { buffer, byteOffset, length } = aligned(raw, 4);
  return new Float32Array(buffer, byteOffset, length / 4);
}

function halves(raw: Uint8Array): Uint16Array {
  const { buffer, byteOffset, length } = aligned(raw, 2);
  return new Uint16Array(buffer, byteOffset, length / 2);
}

/** NOTE: copied by `new Uint8Array(raw)`, as slice() of Node's Buffer is a view that stays unaligned. */
function aligned(raw: Uint8Array, to: number): Uint8Array {
  return raw.byteOffset % to === 0 ? raw : new Uint8Array(raw);
}

function readHeader(
  bytes: Uint8Array,
  where: string,
): { entries: Entry[]; metadata: Record<string, string>; start: number } {
  if (bytes.length < 8) throw mismatch('weights', where, 'bytes', bytes.length, 'a safetensors file', DAMAGED);
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length < 2 || length > Math.min(MAX_HEADER, bytes.length - 8)) {
    throw mismatch('weights', where, 'header length', length, `2 to ${bytes.length - 8}`, DAMAGED);
  }
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, 8 + length));
    header = JSON.parse(text);
  } catch (error) {
    throw new PlumageError('weights', `${where}: the header is not valid JSON - ${DAMAGED}`, { cause: error });
  }
  if (!isObject(header)) throw new PlumageError('weights', `${where}: the header is not a JSON object - ${DAMAGED}`);
  const metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    checkName(name, where);
    if (name === '__metadata__') Object.assign(metadata, readMetadata(value, where));
    else entries.push(readEntry(name, value, where));
  }
  checkDuplicates(text, where);
  return { entries, metadata, start: 8 + length };
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (!isObject(value) || !Object.values(value).every((item) => typeof item === 'string')) {
    throw new PlumageError('weights', `${where}: __metadata__ is not an object of strings - ${DAMAGED}`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown, where: string): Entry {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {};
  if (typeof dtype !== 'string' || !isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
    throw new PlumageError('weights', `${where}: ${name}: no valid dtype, shape and data_offsets - ${DAMAGED}`);
  }
  return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
}

/** Tensors must tile the data without a gap or an overlap, each with the bytes that its shape asks for. */
function checkLayout(entries: readonly Entry[], dataBytes: number, where: string): void {
  let at = 0;
  for (const { name, dtype, shape, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at || end < begin) throw mismatch('weights', `${where}: ${name}`, 'data begins', begin, at, DAMAGED);
    const size = BYTES.get(dtype);
    const expected = shape.reduce((a, b) => a * b, size ?? 0);
    if (size && expected !== end - begin) {
      throw mismatch('weights', `${where}: ${name} (${shape.join(', ')})`, 'bytes', end - begin, expected, DAMAGED);
    }
    at = end;
  }
  if (at !== dataBytes) throw mismatch('weights', where, 'bytes of data', dataBytes, at, DAMAGED);
}

/** JSON.parse keeps the last of two equal keys, so they are looked for in the (valid) text. */
function checkDuplicates(text: string, where: string): void {
  const seen = new Set<string>();
  let depth = 0;
  let last = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const begin = at++;
      while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
      last = text.slice(begin, at + 1);
    } else if (char === '{') depth++;
    else if (char === '}') depth--;
    else if (char === ':' && depth === 1) {
      const name = String(JSON.parse(last));
      if (seen.has(name)) throw new PlumageError('weights', `${where}: ${name} occurs twice - ${DAMAGED}`);
      seen.add(name);
    }
  }
}

/**
 * The file's bytes: tensors sorted by name, the header padded with spaces to 8 bytes, so the same content always gives
 * the same bytes and the values are aligned. Vectors stay F32: they are small, and variances pass F16's range.
 * @throws PlumageError `input` when a tensor's length is not its shape's product or a value does not fit F16.
 */
export function writeSafetensors(file: TensorFile, dtype: Dtype = 'F32'): Uint8Array {
  const names = [...file.tensors.keys()].sort();
  const entries: [string, unknown][] = [];
  if (Object.keys(file.metadata).length) {
    entries.push(['__metadata__', Object.fromEntries(Object.entries(file.metadata).sort(byKey))]);
  }
  let end = 0;
  for (const name of names) {
    const { shape, data } = file.tensors.get(name)!;
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== data.length) throw mismatch('input', `${name} (${shape.join(', ')})`, 'values', data.length, count);
    const begin = end;
    const type = dtypeOf(shape, dtype);
    end += count * BYTES.get(type)!;
    entries.push([name, { dtype: type, shape, data_offsets: [begin, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end);
  bytes.fill(0x20, 8, start);
  bytes.set(json, 8);
  new DataView(bytes.buffer).setUint32(0, start - 8, true);
  let at = start;
  for (const name of names) {
    const { shape, data } = file.tensors.get(name)!;
    const type = dtypeOf(shape, dtype);
    const values = type === 'F32' ? data : type === 'F16' ? toF16(data, name) : narrowBF16(data);
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

const dtypeOf = (shape: readonly number[], dtype: Dtype): Dtype => (shape.length > 1 ? dtype : 'F32');

function toF16(data: Float32Array, name: string): Uint16Array {
  const bits = narrowF16(data);
  const bad = bits.findIndex((value, i) => (value & 0x7fff) === 0x7c00 && Number.isFinite(data[i]));
  if (bad >= 0)
    throw mismatch('input', `${name}[${bad}]`, 'value', data[bad], 'at most 65504 for F16', 'use BF16 or F32');
  return bits;
}

function byKey(a: [string, string], b: [string, string]): number {
  return a[0] < b[0] ? -1 : 1;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
