// linear: the node for a fully connected layer, and how its kernel is spread over the adapter.

import { mismatch } from '../../errors.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { linear as linearKernel } from '../../kernels/linear.ts';
import { call, type Node, type Op } from '../node.ts';

export interface LinearOptions {
  readonly activation?: Activation;
}

export interface LinearAttributes {
  readonly activation: Activation;
}

/** Depths that are worth a barrier on a GPU. */
const DEEP = 512;

const linearOp: Op<LinearAttributes> = {
  name: 'linear',
  lower(node, target) {
    const [x, w, b] = node.inputs as [Node, Node, Node];
    const [M, K, N] = [x.shape[0]!, x.shape[1]!, w.shape[1]!];
    const split = target.family !== 'software' && K >= DEEP;
    const workgroup = split ? { COLUMNS: 4, SLICES: 64 } : { COLUMNS: 16, SLICES: 1 };
    const knobs = { M, K, N, ACTIVATION: activations[node.attributes.activation], ...workgroup };
    return [call(linearKernel, knobs, { x, w, b, y: node })];
  },
};

/**
 * y = activation(x w + b): x (M, K), w (K, N), b (N) -> (M, N). torch.nn.Linear's weight is (N, K): declare the
 * parameter with the permutation [1, 0]. Refuses sizes that disagree.
 */
export function linear(name: string, x: Node, w: Node, b: Node, options: LinearOptions = {}): Node {
  const [rows, depth] = matrix(x, name, 'x');
  const [inputs, outputs] = matrix(w, name, 'the weight');
  if (depth !== inputs) throw mismatch('input', name, 'input features', depth, `${inputs} as the weight has`);
  if (b.shape.length !== 1 || b.shape[0] !== outputs) {
    throw mismatch('input', name, 'shape of the bias', [...b.shape], [outputs], 'one value for each output feature');
  }
  const { activation = 'none' } = options;
  return { op: linearOp, inputs: [x, w, b], attributes: { activation }, shape: [rows, outputs], dtype: 'f32', name };
}

function matrix(node: Node, where: string, what: string): readonly [rows: number, columns: number] {
  const [rows, columns, more] = node.shape;
  if (rows === undefined || columns === undefined || more !== undefined) {
    throw mismatch('input', where, `shape of ${what}`, [...node.shape], '2 sizes (rows, columns)');
  }
  return [rows, columns];
}
