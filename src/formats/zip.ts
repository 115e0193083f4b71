// The entries of a zip that stores without compressing, as torch.save writes it. fflate takes the archive apart; the
// checksums and doubled names, which it does not look at, are checked here.

import { unzipSync } from 'fflate';
import { mismatch, PlumageError } from '../errors.ts';

const DAMAGED = 'the file is damaged, fetch or save it again';

/**
 * Entries by name, each a copy that starts aligned.
 * @throws PlumageError `weights` for a truncated, damaged or compressed archive.
 */
export function readZip(bytes: Uint8Array, where: string): Map<string, Uint8Array> {
  const checksums = readChecksums(bytes, where);
  let left = bytes.length;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, size, compression }) => {
        if (compression !== 0) throw mismatch('weights', `${where}: ${name}`, 'compression', compression, 0, DAMAGED);
        // Overlapping entries could ask for far more memory than the file has bytes.
        left -= size;
        if (left < 0) throw new PlumageError('weights', `${where}: zip entries overlap - ${DAMAGED}`);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof PlumageError) throw error;
    throw new PlumageError('weights', `${where}: not a readable zip - ${DAMAGED}`, { cause: error });
  }
  const entries = new Map(Object.entries(files));
  for (const [name, data] of entries) {
    if (crc32(data) !== checksums.get(name)) {
      throw new PlumageError('weights', `${where}: wrong checksum of ${name} - ${DAMAGED}`);
    }
  }
  return entries;
}

/** CRC-32 by entry name, from the central directory. Sizes and offsets are left to fflate. */
function readChecksums(bytes: Uint8Array, where: string): Map<string, number> {
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
  const checksums = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    if (u32(at) !== 0x02014b50 || at + 46 > bytes.length) throw damaged('the zip directory is broken');
    const next = at + 46 + u16(at + 28);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, next));
    if (checksums.has(name) || /\p{Cc}/u.test(name)) throw damaged('a zip entry has a bad name or occurs twice');
    checksums.set(name, u32(at + 16));
    at = next + u16(at + 30) + u16(at + 32);
  }
  return checksums;
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
