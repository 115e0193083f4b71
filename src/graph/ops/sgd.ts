// sgd: the effect that brings a weight one step of gradient descent further.

import { mismatch } from '../../errors.ts';
import { sgd as sgdKernel } from '../../kernels/sgd.ts';
import { call, type Node, type Op } from '../node.ts';
import { quadSpread } from './quadSpread.ts';
import { checkElement, checkScalar, checkState } from './updates.ts';

export interface SgdOptions {
  /** Learning rates, of which element `index` is taken. */
  readonly rate: Node;
  readonly index: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export interface SgdAttributes {
  readonly index: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

export const sgdOp: Op<SgdAttributes> = {
  name: 'sgd',
  lower(node, target) {
    const [gradient, rate, guard, weight, velocity] = node.inputs as [Node, Node, Node, Node, Node];
    const { index: INDEX, momentum: MOMENTUM, weightDecay: WEIGHT_DECAY } = node.attributes;
    const knobs = { ...quadSpread(weight.shape, target), INDEX, MOMENTUM, WEIGHT_DECAY };
    return [call(sgdKernel, knobs, { gradient, rate, guard, weight, velocity })];
  },
};

/**
 * velocity = momentum velocity + gradient + weightDecay weight, then weight -= rate velocity, in place, as torch.optim.SGD
 * (whose first velocity is the gradient: ours starts as 0). Nothing changes where `guard` (1), the loss, is not finite.
 */
export function sgd(
  name: string,
  { weight, velocity }: { readonly weight: Node; readonly velocity: Node },
  gradient: Node,
  { rate, index, momentum, weightDecay }: SgdOptions,
  guard: Node,
): Node {
  checkState(name, weight, weight.shape);
  checkState(name, velocity, weight.shape);
  if (gradient.shape.join() !== weight.shape.join()) {
    throw mismatch('input', name, 'shape of the gradient', [...gradient.shape], [...weight.shape]);
  }
  checkElement(name, rate, index);
  checkScalar(name, guard);
  const inputs = [gradient, rate, guard, weight, velocity];
  const attributes = { index, momentum, weightDecay };
  return { op: sgdOp as Op, inputs, attributes, shape: [1], dtype: 'f32', name };
}
