// linear: the node for a fully connected layer, and how its kernel is spread over the adapter.

import { mismatch } from '../../errors.ts';
import { type Activation, activations } from '../../kernels/kernel.ts';
import { linear as linearKernel } from '../../kernels/linear.ts';
import { call, type Forms, type Node, type Op } from '../node.ts';
import type { Target } from '../target.ts';

export interface LinearOptions {
  readonly activation?: Activation;
}

export interface LinearAttributes {
  readonly activation: Activation;
}

/** Depths that are worth a barrier on a GPU. */
const DEEP = 512;

/** COLUMNS x SLICES of a workgroup. On software adapters a barrier costs more than the split gains at any depth. */
const FORMS = {
  software: ['16x1', '64x1', '4x1'],
  deep: ['4x64', '16x16', '4x16', '64x1'],
  shallow: ['16x1', '64x1', '4x16', '16x4'],
} as const;

export const linearOp: Op<LinearAttributes> = {
  name: 'linear',
  forms: linearForms,
  lower(node, target, form = linearForms(node, target).names[0]!) {
    const [x, w, b] = node.inputs as [Node, Node, Node];
    const [COLUMNS, SLICES] = form.split('x').map(Number) as [number, number];
    const knobs = { ...sizes(node), ACTIVATION: activations[node.attributes.activation], COLUMNS, SLICES };
    return [call(linearKernel, knobs, { x, w, b, y: node })];
  },
};

function linearForms(node: Node, { family }: Target): Forms {
  const { M, K, N } = sizes(node);
  const kind = family === 'software' ? family : K >= DEEP ? 'deep' : 'shallow';
  return { key: `linear ${M}x${K}x${N}`, names: FORMS[kind] };
}

function sizes({ inputs }: Node): { M: number; K: number; N: number } {
  const [x, w] = inputs as [Node, Node];
  return { M: x.shape[0]!, K: x.shape[1]!, N: w.shape[1]! };
}

/**
 * y = activation(x w + b): x (M, K), w (K, N), b (N) -> (M, N). torch.nn.Linear's weight is (N, K) and becomes
 * that by `filtersLast`. Refuses sizes that disagree.
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
