// crossEntropyGradient: the node for the gradient of the cross-entropy for its logits.

import { crossEntropyGradient as crossEntropyGradientKernel } from '../../kernels/crossEntropyGradient.ts';
import { call, type Node, type Op } from '../node.ts';
import { type CrossEntropyAttributes, crossEntropyKnobs } from './crossEntropy.ts';

export const crossEntropyGradientOp: Op<CrossEntropyAttributes> = {
  name: 'crossEntropyGradient',
  lower(node, target) {
    const [dy, logits, labels] = node.inputs as [Node, Node, Node];
    const knobs = crossEntropyKnobs(logits, node.attributes, target);
    return [call(crossEntropyGradientKernel, knobs, { dy, logits, labels, d: node })];
  },
};

/** dy weight / N (softmax(logits) - target): dy (1), logits (N, K), labels (N) -> (N, K). */
export function crossEntropyGradient(
  name: string,
  dy: Node,
  logits: Node,
  labels: Node,
  attributes: CrossEntropyAttributes,
): Node {
  const inputs = [dy, logits, labels];
  return { op: crossEntropyGradientOp as Op, inputs, attributes, shape: logits.shape, dtype: 'f32', name };
}
