// relu and elu: nodes for activations that stand alone, on one kernel.

import { activation as activationKernel } from '../../kernels/activation.ts';
import { activations } from '../../kernels/kernel.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

export interface ActivationAttributes {
  readonly kind: 'relu' | 'elu';
}

export const activationOp: Op<ActivationAttributes> = {
  name: 'activation',
  lower(node) {
    const knobs = { SIZE: elementCount(node.shape), ACTIVATION: activations[node.attributes.kind], WORKGROUP: 64 };
    return [call(activationKernel, knobs, { x: node.inputs[0]!, y: node })];
  },
};

/** max(x, 0), any shape. */
export const relu = (name: string, x: Node): Node => activation(name, x, 'relu');

/** x where it is positive, else exp(x) - 1; any shape. */
export const elu = (name: string, x: Node): Node => activation(name, x, 'elu');

function activation(name: string, x: Node, kind: ActivationAttributes['kind']): Node {
  return { op: activationOp, inputs: [x], attributes: { kind }, shape: x.shape, dtype: 'f32', name };
}
