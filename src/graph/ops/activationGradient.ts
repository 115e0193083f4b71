// activationGradient: the node for what ReLU or ELU lets through of a gradient.

import { activationGradient as activationGradientKernel } from '../../kernels/activationGradient.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { call, type Node, type Op } from '../node.ts';
import { quadSpread } from './quadSpread.ts';

export interface ActivationGradientAttributes {
  readonly activation: Activation;
}

export const activationGradientOp: Op<ActivationGradientAttributes> = {
  name: 'activationGradient',
  lower(node, target) {
    const [dy, y] = node.inputs as [Node, Node];
    const knobs = { ...quadSpread(node.shape, target), ACTIVATION: activations[node.attributes.activation] };
    return [call(activationGradientKernel, knobs, { dy, y, dx: node })];
  },
};

/** dx = dy activation'(x), from the activation's value y: any shape, that of y. ReLU'(0) is 0. */
export function activationGradient(name: string, dy: Node, y: Node, activation: Activation): Node {
  const attributes = { activation };
  return { op: activationGradientOp as Op, inputs: [dy, y], attributes, shape: y.shape, dtype: 'f32', name };
}
