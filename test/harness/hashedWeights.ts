// Weights and images made from a hash of name and index, so that they need not be stored: test/fixtures/hashed.py makes
// the same f32 values, bit for bit, for the twin in PyTorch.

import { elementCount, type Shape } from '../../src/graph/node.ts';
import type { Tensor } from '../../src/graph/tensor.ts';

/** Value i is uniform in [low, high): FNV-1a of the name, advanced by i, through murmur3's finaliser, 24 bits of it. */
export function hashedValues(name: string, length: number, low: number, high: number): Float32Array {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 0x01000193);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    values[i] = low + (high - low) * ((h >>> 8) * 2 ** -24);
  }
  return values;
}

/** Bounds that keep a ResNet50's activations near 1 through its 16 residual blocks and let its logits reach about 10. */
export function bounds(name: string, shape: Shape): readonly [low: number, high: number] {
  if (shape.length === 4) {
    const bound = Math.sqrt(6 / elementCount(shape.slice(1))); // He: keeps the variance through a ReLU
    return [-bound, bound];
  }
  if (name.endsWith('fc.weight')) return [-0.08, 0.08];
  if (shape.length === 2) {
    const bound = Math.sqrt(3 / shape[1]!); // keeps the variance
    return [-bound, bound];
  }
  if (name === 'clca.gamma' || name === 'cga.beta') return [0.4, 0.8];
  if (name.endsWith('running_var')) return [0.5, 1.5];
  if (/(bn3|downsample\.1)\.weight$/.test(name)) return [0.3, 0.5];
  if (name.endsWith('.weight')) return [0.8, 1.2];
  return [-0.1, 0.1]; // biases and running means
}

/** One tensor for each name and shape, in the file's layout. */
export function hashedWeights(shapes: ReadonlyMap<string, Shape>): Record<string, Tensor> {
  const tensor = (name: string, shape: Shape): Tensor => ({
    shape,
    data: hashedValues(name, elementCount(shape), ...bounds(name, shape)),
  });
  return Object.fromEntries([...shapes].map(([name, shape]) => [name, tensor(name, shape)]));
}

/** Noise in the range of normalised photos: (N, H, W, 3) in [-2, 2). */
export function hashedNoise(name: string, shape: Shape): Float32Array {
  return hashedValues(name, elementCount(shape), -2, 2);
}

/** Pixels from grid point to grid point, and grey levels: most of a photo's energy lies in the longest waves. */
const octaves = [
  { step: 112, amplitude: 128 },
  { step: 28, amplitude: 64 },
  { step: 7, amplitude: 32 },
  { step: 1, amplitude: 16 },
] as const;

/** A smooth image, its waves as a photo's: (1, size, size, 3), BGR in 0..255 less Keras' means. */
export function hashedPhoto(name: string, size: number): Float32Array {
  const means = [103.939, 116.779, 123.68];
  const sums = new Float64Array(size * size * 3);
  for (const { step, amplitude } of octaves) {
    const side = Math.floor((size - 1) / step) + 2;
    const grid = hashedValues(`${name}/${step}`, side * side * 3, -amplitude, amplitude);
    const at = (y: number, x: number, c: number) => grid[(y * side + x) * 3 + c]!;
    for (let i = 0; i < sums.length; i++) {
      const c = i % 3;
      const px = ((i - c) / 3) % size;
      const py = Math.floor(i / (3 * size));
      const x = Math.floor(px / step);
      const y = Math.floor(py / step);
      const fx = px / step - x;
      const fy = py / step - y;
      const top = at(y, x, c) * (1 - fx) + at(y, x + 1, c) * fx;
      const bottom = at(y + 1, x, c) * (1 - fx) + at(y + 1, x + 1, c) * fx;
      sums[i] = sums[i]! + (top * (1 - fy) + bottom * fy);
    }
  }
  return Float32Array.from(sums, (sum, i) => Math.min(Math.max(128 + sum, 0), 255) - means[i % 3]!);
}
