// globalTop5Pool: the node for the mean of the 5 largest values of each channel over H and W.

import { mismatch } from '../../errors.ts';
import { topPool } from '../../kernels/topPool.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

export const topPoolOp: Op<object> = {
  name: 'topPool',
  lower(node) {
    const x = node.inputs[0]!;
    const { n, h, w, c } = nhwc(x, node.name);
    return [call(topPool, { N: n, P: h * w, C: c, WORKGROUP: 64 }, { x, y: node })];
  },
};

/** The mean of each channel's 5 largest values, of all where H W < 5: x (N, H, W, C) -> (N, C). C a multiple of 4. */
export function globalTop5Pool(name: string, x: Node): Node {
  const { n, c } = nhwc(x, name);
  if (c % 4) throw mismatch('input', name, 'channels', c, 'a multiple of 4');
  return { op: topPoolOp, inputs: [x], attributes: {}, shape: [n, c], dtype: 'f32', name };
}
