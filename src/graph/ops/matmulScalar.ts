// matmulScalar and columnSums: nodes for a product of two matrices of any sizes and for the sums of a matrix's columns.

import { matmulScalar as matmulScalarKernel } from '../../kernels/matmulScalar.ts';
import { call, type Node, type Op } from '../node.ts';
import { sumRowsCall } from './channelSlices.ts';

export interface MatmulScalarAttributes {
  readonly TRANSPOSE_A: 0 | 1;
  readonly TRANSPOSE_B: 0 | 1;
  /** B is the first input. */
  readonly swapped: boolean;
}

const matmulScalarOp: Op<MatmulScalarAttributes> = {
  name: 'matmulScalar',
  lower(node) {
    const { TRANSPOSE_A, TRANSPOSE_B, swapped } = node.attributes;
    const [first, second] = node.inputs as [Node, Node];
    const [a, b] = swapped ? [second, first] : [first, second];
    const [M, N] = node.shape as [number, number];
    const K = a.shape[TRANSPOSE_A ? 0 : 1]!;
    return [call(matmulScalarKernel, { M, N, K, TRANSPOSE_A, TRANSPOSE_B, WORKGROUP: 64 }, { a, b, y: node })];
  },
};

/** a b^T: a (M, K), b (N, K) -> (M, N). */
export function timesTransposed(name: string, a: Node, b: Node): Node {
  const attributes: MatmulScalarAttributes = { TRANSPOSE_A: 0, TRANSPOSE_B: 1, swapped: false };
  return { op: matmulScalarOp, inputs: [a, b], attributes, shape: [a.shape[0]!, b.shape[0]!], dtype: 'f32', name };
}

/** a^T b: b (K, N), a (K, M) -> (M, N). */
export function transposedTimes(name: string, b: Node, a: Node): Node {
  const attributes: MatmulScalarAttributes = { TRANSPOSE_A: 1, TRANSPOSE_B: 0, swapped: true };
  return { op: matmulScalarOp, inputs: [b, a], attributes, shape: [a.shape[1]!, b.shape[1]!], dtype: 'f32', name };
}

const columnSumsOp: Op<object> = {
  name: 'columnSums',
  lower(node, target) {
    const x = node.inputs[0]!;
    return [sumRowsCall(x.shape[0]!, x.shape[1]!, { x, y: node }, target)];
  },
};

/** The sum of each column: x (ROWS, C) -> (C). */
export function columnSums(name: string, x: Node): Node {
  return { op: columnSumsOp, inputs: [x], attributes: {}, shape: [x.shape[1]!], dtype: 'f32', name };
}
