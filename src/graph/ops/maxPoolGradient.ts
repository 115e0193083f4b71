// maxPoolIndices and maxPoolGradient: nodes for where a max pooling found its maxima, and for what it hands back to x.

import { maxPoolGradient as maxPoolGradientKernel } from '../../kernels/maxPoolGradient.ts';
import { maxPoolIndices as maxPoolIndicesKernel } from '../../kernels/maxPoolIndices.ts';
import { call, type Node, type Op } from '../node.ts';
import type { MaxPoolAttributes } from './maxPool.ts';

const maxPoolIndicesOp: Op<MaxPoolAttributes> = {
  name: 'maxPoolIndices',
  lower: (node) => [call(maxPoolIndicesKernel, node.attributes.knobs, { x: node.inputs[0]!, y: node })],
};

/** h W + w of each window's maximum, of equal values the first: x (N, H, W, C) -> (N, OH, OW, C), u32. */
export function maxPoolIndices(name: string, x: Node, attributes: MaxPoolAttributes): Node {
  const { N, OH, OW, C } = attributes.knobs;
  return { op: maxPoolIndicesOp, inputs: [x], attributes, shape: [N, OH, OW, C], dtype: 'u32', name };
}

const maxPoolGradientOp: Op<MaxPoolAttributes> = {
  name: 'maxPoolGradient',
  lower(node) {
    const [dy, indices] = node.inputs as [Node, Node];
    return [call(maxPoolGradientKernel, node.attributes.knobs, { dy, indices, dx: node })];
  },
};

/** The sum of dy over the windows whose maximum a position is: dy, indices (N, OH, OW, C) -> (N, H, W, C). */
export function maxPoolGradient(name: string, dy: Node, indices: Node, attributes: MaxPoolAttributes): Node {
  const { N, H, W, C } = attributes.knobs;
  return { op: maxPoolGradientOp, inputs: [dy, indices], attributes, shape: [N, H, W, C], dtype: 'f32', name };
}
