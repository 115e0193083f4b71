// softmaxGradient: the node for what softmax or its logarithm hands back, computed from its result.

import { softmaxGradient as softmaxGradientKernel } from '../../kernels/softmaxGradient.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';
import { type SoftmaxAttributes, softmaxSplit } from './softmax.ts';

const softmaxGradientOp: Op<SoftmaxAttributes> = {
  name: 'softmaxGradient',
  lower(node, target) {
    const { axis, log } = node.attributes;
    const [dy, y] = node.inputs as [Node, Node];
    const OUTER = elementCount(node.shape.slice(0, axis));
    const INNER = elementCount(node.shape.slice(axis + 1));
    const sizes = { OUTER, SIZE: node.shape[axis]!, INNER, LOG: Number(log) };
    return [call(softmaxGradientKernel, { ...sizes, ...softmaxSplit(OUTER, INNER, target) }, { dy, y, dx: node })];
  },
};

/** y (dy - sum of y dy along the axis), or with `log` dy - exp(y) (sum of dy): dy, y -> the same shape. */
export function softmaxGradient(name: string, dy: Node, y: Node, attributes: SoftmaxAttributes): Node {
  return { op: softmaxGradientOp, inputs: [dy, y], attributes, shape: y.shape, dtype: 'f32', name };
}
