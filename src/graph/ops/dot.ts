// dot: the node for a sum of inner products of whole values, the gradient of a learnt scalar.

import { dot as dotKernel } from '../../kernels/dot.ts';
import { sumParts } from '../../kernels/sumParts.ts';
import { call, elementCount, type Node, type Op, type Temporary } from '../node.ts';
import type { Target } from '../target.ts';

export interface DotAttributes {
  readonly index: number;
}

/** Parts of an inner product: enough to keep the adapter busy. */
const partsFor = ({ family }: Target): number => (family === 'software' ? 256 : 16384);

/** Inputs: a and b of each product. */
const dotOp: Op<DotAttributes> = {
  name: 'dot',
  lower(node, target) {
    const pairs = node.inputs.length / 2;
    const most = partsFor(target);
    const counts = Array.from({ length: pairs }, (_, i) => Math.min(most, elementCount(node.inputs[2 * i]!.shape) / 4));
    const COUNT = counts.reduce((a, b) => a + b);
    const parts: Temporary = { temporary: `${node.name} parts`, elements: COUNT };
    const calls = counts.map((count, i) => {
      const [a, b] = [node.inputs[2 * i]!, node.inputs[2 * i + 1]!];
      const FIRST = counts.slice(0, i).reduce((sum, before) => sum + before, 0);
      return call(dotKernel, { SIZE: elementCount(a.shape), COUNT: count, FIRST, WORKGROUP: 64 }, { a, b, parts });
    });
    const knobs = { COUNT, LENGTH: node.shape[0]!, INDEX: node.attributes.index, WORKGROUP: 64 };
    return [...calls, call(sumParts, knobs, { parts, y: node })];
  },
};

/**
 * (length) zeros but for `index`: the sum over the pairs of sum a b, added in a fixed order. a, b of one shape of a multiple
 * of 4 elements.
 */
export function dot(name: string, pairs: readonly (readonly [a: Node, b: Node])[], length = 1, index = 0): Node {
  return { op: dotOp, inputs: pairs.flat(), attributes: { index }, shape: [length], dtype: 'f32', name };
}
