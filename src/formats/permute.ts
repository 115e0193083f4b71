// Axes reordered in JavaScript: for exported files and for tests. Weights on the device are reordered by filtersLast.wgsl.

/** Row-major `data` of `shape` with its axes reordered: axis i of the result is axis `permutation[i]` of the source. */
export function permute(data: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const sizes = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = sizes.map(() => 0);
  const inner = sizes.length - 1;
  const innerSize = sizes[inner]!;
  const innerStep = steps[inner]!;
  let from = 0;
  for (let to = 0; to < result.length; ) {
    for (let i = 0, at = from; i < innerSize; i++, at += innerStep) result[to++] = data[at]!;
    for (let axis = inner - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < sizes[axis]!) break;
      from -= index[axis]! * steps[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
