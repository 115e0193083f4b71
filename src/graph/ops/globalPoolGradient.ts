// globalPoolGradient: the node for what a global pooling hands back to the positions of x.

import { globalPoolGradient as globalPoolGradientKernel } from '../../kernels/globalPoolGradient.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

/** Inputs: dy, and for the maximum x and y. */
const globalPoolGradientOp: Op<object> = {
  name: 'globalPoolGradient',
  lower(node) {
    const [dy, x, y] = node.inputs as [Node, Node?, Node?];
    const { n, h, w, c } = nhwc(node, node.name);
    const knobs = { N: n, P: h * w, C: c, MAXIMUM: Number(x !== undefined), WORKGROUP: 64 };
    return [call(globalPoolGradientKernel, knobs, { dy, ...(x && y && { x, y }), dx: node })];
  },
};

/** dy / (H W) at every position: dy (N, C) -> (N, H, W, C). */
export function globalAveragePoolGradient(name: string, dy: Node, shape: readonly number[]): Node {
  return { op: globalPoolGradientOp, inputs: [dy], attributes: {}, shape, dtype: 'f32', name };
}

/** dy at the first maximum of x, else 0: dy (N, C), x (N, H, W, C), its maxima y (N, C) -> (N, H, W, C). */
export function globalMaxPoolGradient(name: string, dy: Node, x: Node, y: Node): Node {
  return { op: globalPoolGradientOp, inputs: [dy, x, y], attributes: {}, shape: x.shape, dtype: 'f32', name };
}
