// concat: the node that joins values along the channels, lowered to one copy for each input.

import { mismatch } from '../../errors.ts';
import { concat as concatKernel } from '../../kernels/concat.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

export const concatOp: Op<null> = {
  name: 'concat',
  lower(node) {
    const TOTAL = node.shape[node.shape.length - 1]!;
    const ROWS = elementCount(node.shape) / TOTAL;
    let OFFSET = 0;
    return node.inputs.map((x) => {
      const C = elementCount(x.shape) / ROWS;
      const copy = call(concatKernel, { ROWS, C, OFFSET, TOTAL, WORKGROUP: 64 }, { x, y: node });
      OFFSET += C;
      return copy;
    });
  },
};

/** The channels (last axis) of all `xs`, one after the other: (..., C1), (..., C2) -> (..., C1 + C2). */
export function concat(name: string, xs: readonly Node[]): Node {
  const first = xs[0];
  if (!first || first.shape.length === 0) {
    throw mismatch('input', name, 'inputs to join', first ? 'a scalar' : 'none', 'at least one with channels');
  }
  const leading = first.shape.slice(0, -1);
  for (const { name: which, shape } of xs) {
    if (shape.length === first.shape.length && shape.slice(0, -1).join() === leading.join()) continue;
    const expected = `(${[...leading, 'any'].join(', ')}) as ${first.name} has`;
    throw mismatch('input', name, `shape of ${which}`, [...shape], expected, 'only the channels may differ');
  }
  const channels = xs.reduce((sum, { shape }) => sum + shape[shape.length - 1]!, 0);
  return { op: concatOp, inputs: xs, attributes: null, shape: [...leading, channels], dtype: 'f32', name };
}
