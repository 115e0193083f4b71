// dot: the first pass of an inner product of two values of any shape: many parts, which `sumParts` adds up.

import shader from '../../shaders/dot.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `COUNT` parts, from `parts[FIRST]` on, of `SIZE` products, a multiple of 4. All are run-time parameters of the shader. */
export type DotKnobs = { SIZE: number; COUNT: number; FIRST: number; WORKGROUP: number };

/** Products that make one part, at most. */
export const dotTerms = (k: DotKnobs): number => 4 * ceilDiv(k.SIZE / 4, k.COUNT);

export const dot: Kernel<DotKnobs> = {
  name: 'dot',
  shader,
  grid: (k) => linearGrid(k.COUNT, k.WORKGROUP),
  elements: (k) => ({ a: k.SIZE, b: k.SIZE, parts: k.FIRST + k.COUNT }),
  flops: (k) => 2 * k.SIZE,
};

/** NaN where the call leaves parts as they are: the harness fills outputs with NaN. */
export const dotReference: Reference<DotKnobs> = ({ a, b }, { SIZE, COUNT, FIRST }) => {
  const parts = new Float64Array(FIRST + COUNT).fill(0, FIRST).fill(Number.NaN, 0, FIRST);
  for (let i = 0; i < SIZE; i++) parts[FIRST + (Math.floor(i / 4) % COUNT)]! += a![i]! * b![i]!;
  return { parts };
};
