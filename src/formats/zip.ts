// The entries of a zip that stores without compressing, as torch.save writes it. It takes no other.

import { mismatch, PlumageError } from '../errors.ts';

const DAMAGED = 'the file is damaged, fetch or save it again';
/** What torch's values need at most: entries that start so are views. torch.save aligns them to 64. */
const ALIGNMENT = 8;

/**
 * Entries by name, each aligned: a view into `bytes`, or a copy where that is not.
 * @throws PlumageError `weights` for a truncated, damaged or compressed archive.
 */
export function readZip(bytes: Uint8Array, where: string): Map<string, Uint8Array> {
  const damaged = (what: string) => new PlumageError('weights', `${where}: ${what} - ${DAMAGED}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => (at >= 0 && at + 4 <= view.byteLength ? view.getUint32(at, true) : 0);
  let end = bytes.length - 22;
  const first = Math.max(0, end - 65_535);
  while (end > first && u32(end) !== 0x06054b50) end--;
  if (u32(end) !== 0x06054b50) throw damaged('the zip has no end record');
  let count = u16(end + 8);
  let at = u32(end + 16);
  const end64 = u32(end - 12);
  if (u32(end - 20) === 0x07064b50 && u32(end64) === 0x06064b50) {
    count = u32(end64 + 32);
    at = u32(end64 + 48);
  }
  const entries = new Map<string, Uint8Array>();
  let left = bytes.length;
  for (let i = 0; i < count; i++) {
    if (u32(at) !== 0x02014b50 || at + 46 > bytes.length) throw damaged('the zip directory is broken');
    const next = at + 46 + u16(at + 28);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, next));
    if (entries.has(name) || /\p{Cc}/u.test(name)) throw damaged('a zip entry has a bad name or occurs twice');
    const compression = u16(at + 10);
    if (compression !== 0) throw mismatch('weights', `${where}: ${name}`, 'compression', compression, 0, DAMAGED);
    const [checksum, size, header] = [u32(at + 16), u32(at + 24), u32(at + 42)];
    if (u32(header) !== 0x04034b50 || header + 30 > bytes.length) throw damaged(`no header of ${name}`);
    const begin = header + 30 + u16(header + 26) + u16(header + 28);
    if (begin + size > bytes.length) throw damaged(`the zip ends within ${name}`);
    // Overlapping entries could ask for far more memory than the file has bytes.
    left -= size;
    if (left < 0) throw damaged('zip entries overlap');
    const data = bytes.subarray(begin, begin + size);
    if (crc32(data) !== checksum) throw damaged(`wrong checksum of ${name}`);
    // NOTE: copied by `new Uint8Array(data)`, as slice() of Node's Buffer is a view that stays unaligned.
    entries.set(name, data.byteOffset % ALIGNMENT === 0 ? data : new Uint8Array(data));
    at = next + u16(at + 30) + u16(at + 32);
  }
  return entries;
}

function crc32(bytes: Uint8Array): number {
  const table = crcTable();
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!;
  return ~crc >>> 0;
}

function crcTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    return crc;
  });
}
