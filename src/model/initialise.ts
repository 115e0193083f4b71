// The values that new parameters start from, told by shape and name: not those of a pretrained backbone. Seeded: the same
// seed and name give the same values, whatever else is made.

import { elementCount, type Shape } from '../graph/node.ts';
import type { Tensor } from '../graph/tensor.ts';
import { random } from './random.ts';

/**
 * PyTorch's defaults: conv and linear U(+-1/sqrt(fan_in)), batch norms 1 and 0; but gamma and beta of the attentions 0, so
 * that training starts without them, and the collaborative attention's u and v normal with std sqrt(2/fan_in).
 */
export function initialValues(shapes: ReadonlyMap<string, Shape>, seed: number): Map<string, Tensor> {
  const tensor = (name: string, shape: Shape): Tensor => ({ shape, data: valuesOf(name, shape, shapes, seed) });
  return new Map([...shapes].map(([name, shape]) => [name, tensor(name, shape)]));
}

function valuesOf(name: string, shape: Shape, shapes: ReadonlyMap<string, Shape>, seed: number): Float32Array {
  const values = new Float32Array(elementCount(shape));
  // A bias is drawn like the weight that it stands beside. A weight with one axis belongs to a batch norm.
  const weight = shapes.get(name.replace(/bias$/, 'weight')) ?? shape;
  if (weight.length === 1) return values.fill(/\.(weight|running_var)$/.test(name) ? 1 : 0);
  const fanIn = elementCount(weight.slice(1));
  const next = random(`${seed}/${name}`);
  if (!/^clca\.\d\d\.[uv]\./.test(name)) {
    const bound = 1 / Math.sqrt(fanIn);
    return values.map(() => (2 * next() - 1) * bound);
  }
  const std = Math.sqrt(2 / fanIn);
  return normal(shape, next, std);
}

/** Normal values of this standard deviation (Box-Muller) from uniform ones. */
export function normal(shape: Shape, next: () => number, std = 1): Float32Array {
  // 1 - next() is never 0.
  const value = () => std * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return new Float32Array(elementCount(shape)).map(value);
}
