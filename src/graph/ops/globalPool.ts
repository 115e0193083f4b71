// globalAveragePool and globalMaxPool: nodes for the mean and the maximum over H and W, on one kernel.

import { globalPool } from '../../kernels/globalPool.ts';
import { call, type Node, nhwc, type Op } from '../node.ts';

export interface GlobalPoolAttributes {
  readonly maximum: boolean;
}

export const globalPoolOp: Op<GlobalPoolAttributes> = {
  name: 'globalPool',
  lower(node, target) {
    const x = node.inputs[0]!;
    const { n, h, w, c } = nhwc(x, node.name);
    const workgroup = target.family === 'software' ? { CHANNELS: 64, SLICES: 1 } : { CHANNELS: 16, SLICES: 16 };
    const knobs = { N: n, P: h * w, C: c, MAXIMUM: Number(node.attributes.maximum), ...workgroup };
    return [call(globalPool, knobs, { x, y: node })];
  },
};

/** The mean of each channel: x (N, H, W, C) -> (N, C). */
export const globalAveragePool = (name: string, x: Node): Node => pool(name, x, false);

/** The maximum of each channel: x (N, H, W, C) -> (N, C). */
export const globalMaxPool = (name: string, x: Node): Node => pool(name, x, true);

function pool(name: string, x: Node, maximum: boolean): Node {
  const { n, c } = nhwc(x, name);
  return { op: globalPoolOp, inputs: [x], attributes: { maximum }, shape: [n, c], dtype: 'f32', name };
}
