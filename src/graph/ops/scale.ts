// scale: the node for a value times one learnt scalar of a vector of them.

import { scale as scaleKernel } from '../../kernels/scale.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

export interface ScaleAttributes {
  readonly index: number;
}

const scaleOp: Op<ScaleAttributes> = {
  name: 'scale',
  lower(node) {
    const [x, gamma] = node.inputs as [Node, Node];
    const knobs = { SIZE: elementCount(node.shape), GAMMA: node.attributes.index, WORKGROUP: 64 };
    return [call(scaleKernel, knobs, { x, gamma, y: node })];
  },
};

/**
 * gamma[index] x, any shape of a multiple of 4 elements. `before`: what else is computed from x, so that it is done first
 * and x's memory is free.
 */
export function scale(name: string, x: Node, gamma: Node, index: number, before: readonly Node[] = []): Node {
  return { op: scaleOp, inputs: [x, gamma, ...before], attributes: { index }, shape: x.shape, dtype: 'f32', name };
}
