// attentionMap: the node that shows where others look in a branch.

import { mismatch } from '../../errors.ts';
import { attentionMap as attentionMapKernel } from '../../kernels/attentionMap.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

const attentionMapOp: Op<object> = {
  name: 'attentionMap',
  lower(node) {
    const [first, second] = node.inputs as [Node, Node];
    const [n, h, w] = node.shape as [number, number, number];
    const rows = { ROW: first.shape[2]!, FIRST_ROWS: first.shape[1]!, SECOND_ROWS: second.shape[1]! };
    return [call(attentionMapKernel, { N: n, P: h * w, ...rows, WORKGROUP: 64 }, { first, second, y: node })];
  },
};

/**
 * The weight that each position of x (N, H, W, d) is given by the two receivers to which it sends: the mean over a
 * receiver's positions of its `attentionWeights`, and the mean of the two -> (N, H, W), each image sums to 1.
 */
export function attentionMap(name: string, x: Node, weights: readonly [first: Node, second: Node]): Node {
  const { n, h, w } = nhwc(x, name);
  for (const { shape } of weights) {
    const [images, , row, more] = shape;
    if (more !== undefined || images !== n || row !== 4 * Math.ceil((h * w) / 4)) {
      throw mismatch('input', name, 'shape of weights', [...shape], `those with ${x.name} as their sender`);
    }
  }
  return { op: attentionMapOp, inputs: weights, attributes: {}, shape: [n, h, w], dtype: 'f32', name };
}
