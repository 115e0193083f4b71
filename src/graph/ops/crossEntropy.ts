// crossEntropy: the node for the loss of a classifier, from its logits.

import { mismatch } from '../../errors.ts';
import { type CrossEntropyKnobs, crossEntropy as crossEntropyKernel } from '../../kernels/crossEntropy.ts';
import { call, type Node, type Op } from '../node.ts';
import type { Target } from '../target.ts';
import { sumRowsCall } from './channelSlices.ts';

export interface CrossEntropyOptions {
  /** What the loss is multiplied by; 1 unless given. */
  readonly weight?: number;
  /** torch's label_smoothing: the share of the target that all classes get alike; 0 unless given. */
  readonly smoothing?: number;
}

export type CrossEntropyAttributes = Required<CrossEntropyOptions>;

export const crossEntropyOp: Op<CrossEntropyAttributes> = {
  name: 'crossEntropy',
  lower(node, target) {
    const [logits, labels] = node.inputs as [Node, Node];
    const losses = { temporary: `${node.name}/rows`, elements: logits.shape[0]! };
    return [
      call(crossEntropyKernel, crossEntropyKnobs(logits, node.attributes, target), { logits, labels, losses }),
      sumRowsCall(logits.shape[0]!, 1, { x: losses, y: node }, target),
    ];
  },
};

/** In software an invocation takes a whole row, on GPUs a workgroup does. */
export function crossEntropyKnobs(
  { shape }: Node,
  { weight: WEIGHT, smoothing: SMOOTHING }: CrossEntropyAttributes,
  { family }: Target,
): CrossEntropyKnobs {
  const spread = family === 'software' ? { LINES: 4, LANES: 1 } : { LINES: 1, LANES: 64 };
  return { N: shape[0]!, K: shape[1]!, WEIGHT, SMOOTHING, ...spread };
}

/**
 * weight times the mean over the rows of -sum of target log softmax(logits): logits (N, K), labels (N) u32, below K -> (1).
 * The target is 1 - smoothing at the label, and smoothing / K everywhere.
 */
export function crossEntropy(
  name: string,
  logits: Node,
  labels: Node,
  { weight = 1, smoothing = 0 }: CrossEntropyOptions = {},
): Node {
  const [N, K, more] = logits.shape;
  if (N === undefined || K === undefined || more !== undefined) {
    throw mismatch('input', name, 'shape of the logits', [...logits.shape], '2 sizes (N, classes)');
  }
  if (labels.dtype !== 'u32' || labels.shape.join() !== `${N}`) {
    const got = `${labels.dtype} (${labels.shape.join(', ')})`;
    throw mismatch('input', name, 'labels', got, `u32 (${N})`, 'one for each row of the logits');
  }
  if (!(weight > 0 && weight < Number.POSITIVE_INFINITY)) {
    throw mismatch('input', name, 'weight', weight, 'a positive number');
  }
  if (!(smoothing >= 0 && smoothing <= 1))
    throw mismatch('input', name, 'smoothing', smoothing, 'a number from 0 to 1');
  const attributes = { weight, smoothing };
  return { op: crossEntropyOp as Op, inputs: [logits, labels], attributes, shape: [1], dtype: 'f32', name };
}
