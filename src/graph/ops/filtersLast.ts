// filtersLast: the node for a weight whose filters stand first in files and last on the device.

import { mismatch } from '../../errors.ts';
import { filtersLast as filtersLastKernel } from '../../kernels/filtersLast.ts';
import { call, elementCount, type Node, type Op, type Shape } from '../node.ts';

export interface FiltersLastAttributes {
  /** Axis i of the result is axis `permutation[i]` of the weight. */
  readonly permutation: readonly number[];
}

export const filtersLastOp: Op<FiltersLastAttributes> = {
  name: 'filtersLast',
  lower(node) {
    const [x] = node.inputs as [Node];
    const [K, C] = x.shape as [number, number];
    return [call(filtersLastKernel, { K, C, T: elementCount(x.shape) / (K * C) }, { x, y: node })];
  },
};

/** (K, C, KH, KW) -> (KH, KW, C, K), or (out, in) -> (in, out): the weights of PyTorch's layers as the kernels read them. */
export function filtersLast(weight: Node): Node<FiltersLastAttributes> {
  const { shape, name } = weight;
  if (shape.length !== 4 && shape.length !== 2) {
    throw mismatch('input', name, 'shape of the weight', [...shape], '(K, C, KH, KW) or (out, in)');
  }
  const permutation = filtersPermutation(shape);
  return {
    op: filtersLastOp,
    inputs: [weight],
    attributes: { permutation },
    shape: permutation.map((axis) => shape[axis]!),
    dtype: 'f32',
    name: `${name}/filtersLast`,
  };
}

/** Axis i of the kernels' weight is this axis of PyTorch's. */
export const filtersPermutation = (shape: Shape): readonly number[] => (shape.length === 4 ? [2, 3, 1, 0] : [1, 0]);
