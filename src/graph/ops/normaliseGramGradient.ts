// normaliseGramGradient and addTransposed: nodes for what matrices E of products between the channels of a group hand back.

import { addTransposed as addTransposedKernel } from '../../kernels/addTransposed.ts';
import { normaliseGramGradient as normaliseGramGradientKernel } from '../../kernels/normaliseGramGradient.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

const sizes = ({ shape }: Node): { MATRICES: number; C: number; WORKGROUP: number } => {
  const C = shape[shape.length - 1]!;
  return { MATRICES: elementCount(shape) / (C * C), C, WORKGROUP: 64 };
};

export interface NormaliseGramGradientAttributes {
  readonly SCALE: number;
}

const normaliseGramGradientOp: Op<NormaliseGramGradientAttributes> = {
  name: 'normaliseGramGradient',
  lower(node) {
    const [dy, x] = node.inputs as [Node, Node];
    return [call(normaliseGramGradientKernel, { ...sizes(node), ...node.attributes }, { dy, x, dx: node })];
  },
};

/** dy: the gradient of SCALE times products of unit channels; x: those of the channels themselves; both (..., c, c). */
export function normaliseGramGradient(name: string, dy: Node, x: Node, SCALE: number): Node {
  return { op: normaliseGramGradientOp, inputs: [dy, x], attributes: { SCALE }, shape: x.shape, dtype: 'f32', name };
}

const addTransposedOp: Op<object> = {
  name: 'addTransposed',
  lower: (node) => [call(addTransposedKernel, sizes(node), { x: node.inputs[0]!, y: node })],
};

/** x + x^T for each matrix: (..., c, c) -> the same shape. */
export function addTransposed(name: string, x: Node): Node {
  return { op: addTransposedOp, inputs: [x], attributes: {}, shape: x.shape, dtype: 'f32', name };
}
