// Seeded numbers for tests: the same on every machine.

/** mulberry32: uniform in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `length` f32 values, uniform in [-scale, scale). */
export function randomValues(length: number, seed: number, scale = 1): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length }, () => (2 * next() - 1) * scale);
}

/** The same with a NaN at every `every`th place, with and without a sign. */
export function withNaN(values: Float32Array, every: number): Float32Array {
  const words = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < words.length; i += every) words[i] = (i / every) % 2 ? 0xffc00000 : 0x7fc00000;
  return new Float32Array(words.buffer);
}
