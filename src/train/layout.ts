// How states lie in files: PyTorch's layout, a velocity like its weight.

import { mismatch } from '../errors.ts';
import { permute } from '../formats/permute.ts';
import { elementCount } from '../graph/node.ts';
import type { State } from '../graph/plan.ts';
import type { Tensor } from '../graph/tensor.ts';

const isVelocity = (name: string) => name.startsWith('velocity.');

/** Sizes of a state's tensor in a file. */
function fileShape({ shape, permutation }: State): number[] {
  const sizes = [...shape];
  permutation?.forEach((axis, i) => {
    sizes[axis] = shape[i]!;
  });
  return sizes;
}

/** The values of a state from a file's tensors; a velocity that is not there is zero. */
export function fileToDevice(each: State, tensors: ReadonlyMap<string, Tensor>): Float32Array {
  const tensor = tensors.get(each.name);
  if (!tensor && isVelocity(each.name)) return new Float32Array(elementCount(each.shape));
  const sizes = fileShape(each);
  if (!tensor || tensor.shape.join() !== sizes.join()) {
    throw mismatch('weights', `training: ${each.name}`, 'shape', tensor ? [...tensor.shape] : 'no tensor', sizes);
  }
  return each.permutation ? permute(tensor.data, sizes, each.permutation) : tensor.data;
}

export function deviceToFile(each: State, values: Float32Array): Tensor {
  const { shape, permutation } = each;
  const data = values.subarray(0, elementCount(shape));
  if (!permutation) return { shape, data };
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  return { shape: fileShape(each), data: permute(data, shape, inverse) };
}
