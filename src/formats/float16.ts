// Half precision in both directions: IEEE binary16 and bfloat16, rounded to the nearest value, ties to even.

/** Widens binary16 values given as their bits. */
export function widenF16(bits: Uint16Array): Float32Array {
  const table = f16Table();
  const result = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = table[bits[i]!]!;
  return result;
}

/** Widens bfloat16 values given as their bits. */
export function widenBF16(bits: Uint16Array): Float32Array {
  const result = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) result[i] = bits[i]! << 16;
  return new Float32Array(result.buffer);
}

/** Bits of the nearest binary16 values; what lies beyond 65519.99 becomes an infinity. */
export function narrowF16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i]! >>> 16) & 0x8000;
    const magnitude = bits[i]! & 0x7fffffff;
    if (magnitude > 0x7f800000) result[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) result[i] = sign | 0x7c00;
    else if (magnitude < 0x38800000) {
      // A subnormal counts units of 2^-24; one that rounds up to 1024 of them is the smallest normal number.
      result[i] = sign | roundToEven(Math.abs(values[i]!) * 2 ** 24);
    } else {
      // Exponent bias 127 -> 15, then drop 13 bits; a carry out of the fraction raises the exponent, as it should.
      const rebased = magnitude - ((127 - 15) << 23);
      result[i] = sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
    }
  }
  return result;
}

/** Bits of the nearest bfloat16 values. */
export function narrowBF16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const result = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i]!;
    // A NaN must not round to an infinity.
    if ((value & 0x7fffffff) > 0x7f800000) result[i] = (value >>> 16) | 0x40;
    else result[i] = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return result;
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

let table: Float32Array | undefined;

/** All 65536 values: reading is then one look-up an element. */
function f16Table(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 31) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}
