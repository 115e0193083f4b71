// softmax and logSoftmax: nodes over any axis, on one kernel.

import { mismatch } from '../../errors.ts';
import { softmax as softmaxKernel } from '../../kernels/softmax.ts';
import { type Call, call, elementCount, type Node, type Op } from '../node.ts';
import type { Target } from '../target.ts';

export interface SoftmaxAttributes {
  readonly axis: number;
  readonly log: boolean;
}

export const softmaxOp: Op<SoftmaxAttributes> = {
  name: 'softmax',
  lower(node, target) {
    const { axis, log } = node.attributes;
    const outer = elementCount(node.shape.slice(0, axis));
    const inner = elementCount(node.shape.slice(axis + 1));
    return [softmaxCall([outer, node.shape[axis]!, inner], { x: node.inputs[0]!, y: node }, target, log)];
  },
};

/** The kernel call for x (OUTER, SIZE, INNER), over SIZE; other ops normalise their own values with it. */
export function softmaxCall(
  [OUTER, SIZE, INNER]: readonly [outer: number, size: number, inner: number],
  buffers: Call['buffers'],
  target: Target,
  log = false,
): Call {
  return call(softmaxKernel, { OUTER, SIZE, INNER, LOG: Number(log), ...softmaxSplit(OUTER, INNER, target) }, buffers);
}

/** How a workgroup takes its lines. */
export const softmaxSplit = (outer: number, inner: number, { family }: Target) =>
  family === 'software' ? lines(outer * inner) : slices(inner);

/** In software an invocation takes a whole line; places in a workgroup that have none would be idle work. */
const lines = (count: number) => ({ LINES: count < 64 ? 4 : 64, SLICES: 1 });

/** On a GPU neighbouring invocations read neighbouring elements: of one line if its elements touch, else of 16. */
const slices = (inner: number) => (inner === 1 ? { LINES: 1, SLICES: 64 } : { LINES: 16, SLICES: 16 });

/** exp(x) / (sum of exp(x) along `axis`), any shape; a negative axis counts from the end. Any finite x, and -inf. */
export const softmax = (name: string, x: Node, axis: number): Node => node(name, x, axis, false);

/** The logarithm of softmax, also where softmax itself would underflow. */
export const logSoftmax = (name: string, x: Node, axis: number): Node => node(name, x, axis, true);

function node(name: string, x: Node, axis: number, log: boolean): Node {
  const rank = x.shape.length;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw mismatch('input', name, 'axis', axis, `a whole number from ${-rank} to ${rank - 1}`);
  }
  const attributes = { axis: axis < 0 ? axis + rank : axis, log };
  return { op: softmaxOp, inputs: [x], attributes, shape: x.shape, dtype: 'f32', name };
}
