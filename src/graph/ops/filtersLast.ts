// filtersLast: the node for a weight whose filters stand first in files and last on the device.

import { mismatch } from '../../errors.ts';
import { filtersLast as kernel, stepsInFiles, type WeightSteps } from '../../kernels/filtersLast.ts';
import { call, elementCount, type Node, type Op, type Shape, type Temporary } from '../node.ts';

export interface FiltersLastAttributes {
  /** Axis i of the result is axis `permutation[i]` of the weight. */
  readonly permutation: readonly number[];
}

export const filtersLastOp: Op<FiltersLastAttributes> = {
  name: 'filtersLast',
  lower(node) {
    const [x] = node.inputs as [Node];
    const [K, C] = x.shape as [number, number];
    const T = elementCount(x.shape) / (K * C);
    return [call(kernel, { K, C, T, ...stepsInFiles({ C, T }), PACKED: 0 }, { x, y: node })];
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

/**
 * Where the weights (T, C, K) of a kernel that reads them in any order lie, and the steps between them: what `filtersLast`
 * would reorder is read as the file has it.
 */
export function weightsIn(
  w: Node | Temporary,
  { T, C, K }: { T: number; C: number; K: number },
): { source: Node | Temporary; steps: WeightSteps } {
  if ('op' in w && w.op === filtersLastOp) {
    return { source: w.inputs[0]!, steps: stepsInFiles({ C, T }) };
  }
  return { source: w, steps: { STEP_T: C * K, STEP_C: K, STEP_K: 1 } };
}
