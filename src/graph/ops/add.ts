// add: the node for a sum of two values.

import { mismatch } from '../../errors.ts';
import { add as addKernel } from '../../kernels/add.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

export interface AddOptions {
  readonly activation?: Activation;
}

export interface AddAttributes {
  readonly activation: Activation;
}

export const addOp: Op<AddAttributes> = {
  name: 'add',
  lower(node) {
    const [a, b] = node.inputs as [Node, Node];
    const knobs = {
      SIZE: elementCount(node.shape),
      ACTIVATION: activations[node.attributes.activation],
      WORKGROUP: 64,
    };
    return [call(addKernel, knobs, { a, b, y: node })];
  },
};

/** activation(a + b), element by element, any shape. Refuses shapes that differ: nothing is broadcast. */
export function add(name: string, a: Node, b: Node, { activation = 'none' }: AddOptions = {}): Node {
  if (a.shape.join() !== b.shape.join()) {
    throw mismatch('input', name, `shape of ${b.name}`, [...b.shape], [...a.shape], `make it that of ${a.name}`);
  }
  return { op: addOp, inputs: [a, b], attributes: { activation }, shape: a.shape, dtype: 'f32', name };
}
