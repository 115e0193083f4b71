// Seeded random numbers: a stream for each name, so that what one draws changes nothing for another. No state is kept anywhere:
// what goes on later makes its stream anew from the name.

/** Uniform in [0, 1): sfc32 (C. Doty-Humphrey, PractRand), its 128 bits of state from FNV-1a hashes of the text. */
export function random(text: string): () => number {
  const state = new Uint32Array([0, 1, 2, 3].map((word) => hash(`${text}/${word}`)));
  let [a, b, c, counter] = state as unknown as [number, number, number, number];
  const next = () => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) * 2 ** -32;
  };
  for (let i = 0; i < 20; i++) next(); // similar states drift apart
  return next;
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) h = Math.imul(h ^ byte, 0x01000193);
  return h >>> 0;
}
