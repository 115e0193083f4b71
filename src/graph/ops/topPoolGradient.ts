// topPoolGradient: the node for what the mean of a channel's 5 largest values hands back to them.

import { topPoolGradient as topPoolGradientKernel } from '../../kernels/topPoolGradient.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

const topPoolGradientOp: Op<object> = {
  name: 'topPoolGradient',
  lower(node) {
    const [dy, x] = node.inputs as [Node, Node];
    const { n, h, w, c } = nhwc(x, node.name);
    return [call(topPoolGradientKernel, { N: n, P: h * w, C: c, WORKGROUP: 64 }, { dy, x, dx: node })];
  },
};

/** dy / min(5, H W) at the 5 largest x of each channel, else 0: dy (N, C), x (N, H, W, C) -> (N, H, W, C). */
export function topPoolGradient(name: string, dy: Node, x: Node): Node {
  return { op: topPoolGradientOp, inputs: [dy, x], attributes: {}, shape: x.shape, dtype: 'f32', name };
}
