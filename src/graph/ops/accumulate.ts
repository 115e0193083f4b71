// accumulate: the effect that adds a gradient to a sum over several small batches.

import { mismatch } from '../../errors.ts';
import { accumulate as accumulateKernel } from '../../kernels/accumulate.ts';
import { call, type Node, type Op } from '../node.ts';
import { quadSpread } from './quadSpread.ts';
import { checkScalar, checkState } from './updates.ts';

export const accumulateOp: Op = {
  name: 'accumulate',
  lower(node, target) {
    const [gradient, keep, sum] = node.inputs as [Node, Node, Node];
    return [call(accumulateKernel, quadSpread(sum.shape, target), { gradient, keep, sum })];
  },
};

/** sum += gradient in place where `keep` (1) is positive, else sum = gradient, whatever stood there. */
export function accumulate(name: string, sum: Node, gradient: Node, keep: Node): Node {
  checkState(name, sum, sum.shape);
  if (gradient.shape.join() !== sum.shape.join()) {
    throw mismatch('input', name, 'shape of the gradient', [...gradient.shape], [...sum.shape]);
  }
  checkScalar(name, keep);
  const inputs = [gradient, keep, sum];
  return { op: accumulateOp, inputs, attributes: undefined, shape: [1], dtype: 'f32', name };
}
