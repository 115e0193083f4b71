// What networks and kernels are fed.

import type { Tensor } from '../src/graph/tensor.ts';

/** A smooth wave as an input: not constant, no overflow, the same everywhere. */
export function wave(shape: readonly number[], amplitude: number): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = amplitude * Math.sin(i / 97) * Math.cos(i / 1013);
  return { shape, data };
}
