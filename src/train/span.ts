// Training from 0 never leaves the span of the examples. So a few examples with many features are trained on as their coordinates in
// an orthonormal basis of it: lengths and angles are the same, and with them every step, at a fraction of the arithmetic.

import { Pace } from '../gpu/pace.ts';

/** Where the examples lie, in fewer values each than they have features, or in as many. */
export interface Span {
  /** `spanLength` values of each example. */
  readonly coordinates: readonly (Float32Array | Float64Array)[];
  /** Coordinates as features. */
  expand(coordinates: Float64Array): Float64Array;
}

/** Features an example from which on the basis saves more than it costs. */
const WORTH = 4;
/** What is left of an example beside the basis, as a share of it, is f32's rounding and nothing new. */
const ROUNDING = 1e-7;

/** Coordinates of each of so many examples. */
export const spanLength = (examples: number, features: number): number =>
  features < WORTH * examples ? features : examples;

/** By Gram and Schmidt, in f64. */
export async function spanOf(features: readonly Float32Array[]): Promise<Span> {
  const length = features[0]!.length;
  if (spanLength(features.length, length) === length) return { coordinates: features, expand: (values) => values };
  const basis: Float64Array[] = [];
  const coordinates = features.map(() => new Float64Array(features.length));
  const pace = new Pace();
  for (const [i, example] of features.entries()) {
    const rest = Float64Array.from(example);
    const size = norm(rest);
    // Twice: what the first pass leaves over by rounding the second takes away.
    for (let pass = 0; pass < 2; pass++) {
      basis.forEach((direction, j) => {
        const part = dot(direction, rest);
        coordinates[i]![j]! += part;
        for (let at = 0; at < length; at++) rest[at]! -= part * direction[at]!;
      });
    }
    const left = norm(rest);
    if (left > ROUNDING * size) {
      coordinates[i]![basis.length] = left;
      basis.push(rest.map((value) => value / left));
    }
    if (pace.due) await pace.rest();
  }
  return {
    coordinates,
    expand(values) {
      const sum = new Float64Array(length);
      basis.forEach((direction, j) => {
        for (let at = 0; at < length; at++) sum[at]! += values[j]! * direction[at]!;
      });
      return sum;
    },
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

const norm = (values: Float64Array): number => Math.sqrt(dot(values, values));
