// activationGradient: the node for what ReLU or ELU lets through of a gradient.

import { activationGradient as activationGradientKernel } from '../../kernels/activationGradient.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { call, type Node, type Op } from '../node.ts';
import { type AddAttributes, addOp } from './add.ts';
import { quadSpread } from './quadSpread.ts';

export interface ActivationGradientAttributes {
  readonly activation: Activation;
}

export const activationGradientOp: Op<ActivationGradientAttributes> = {
  name: 'activationGradient',
  lower(node, target) {
    const [dy, y, other] = node.inputs as [Node, Node, Node?];
    const ACTIVATION = activations[node.attributes.activation];
    const knobs = { ...quadSpread(node.shape, target), ACTIVATION, SUM: Number(other !== undefined) };
    return [call(activationGradientKernel, knobs, { dy, y, ...(other && { other }), dx: node })];
  },
};

/**
 * dx = dy activation'(x), from the activation's value y: any shape, that of y. ReLU'(0) is 0. A dy that is a sum is not
 * made: its two summands are read instead.
 */
export function activationGradient(name: string, dy: Node, y: Node, activation: Activation): Node {
  const attributes = { activation };
  const inputs = isSum(dy) ? [dy.inputs[0]!, y, dy.inputs[1]!] : [dy, y];
  return { op: activationGradientOp as Op, inputs, attributes, shape: y.shape, dtype: 'f32', name };
}

const isSum = ({ op, attributes }: Node): boolean =>
  op === addOp && (attributes as AddAttributes).activation === 'none';
