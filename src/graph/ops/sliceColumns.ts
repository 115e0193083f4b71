// sliceColumns and row: nodes for a copy of some columns or of one row of a value; there are no tensor views. Neither has
// a gradient: they take gradients apart.

import { mismatch } from '../../errors.ts';
import { sliceColumns as sliceColumnsKernel } from '../../kernels/sliceColumns.ts';
import { call, elementCount, type Node, type Op } from '../node.ts';

export interface SliceColumnsAttributes {
  /** x as (rows, TOTAL), and the first of the columns that are copied. */
  readonly TOTAL: number;
  readonly OFFSET: number;
}

const sliceColumnsOp: Op<SliceColumnsAttributes> = {
  name: 'sliceColumns',
  lower(node) {
    const x = node.inputs[0]!;
    const ROWS = elementCount(x.shape) / node.attributes.TOTAL;
    const C = elementCount(node.shape) / ROWS;
    return [call(sliceColumnsKernel, { ...node.attributes, ROWS, C, WORKGROUP: 64 }, { x, y: node })];
  },
};

/** Columns `offset` .. `offset + columns` of the last axis: x (..., TOTAL) -> (..., columns). */
export function sliceColumns(name: string, x: Node, offset: number, columns: number): Node {
  const TOTAL = x.shape[x.shape.length - 1] ?? 0;
  checkRange(name, 'columns', offset, columns, TOTAL);
  const shape = [...x.shape.slice(0, -1), columns];
  return { op: sliceColumnsOp, inputs: [x], attributes: { TOTAL, OFFSET: offset }, shape, dtype: 'f32', name };
}

/** Row `index` of the first axis: x (ROWS, C) -> (C). */
export function row(name: string, x: Node, index: number): Node {
  const [rows, C, more] = x.shape;
  if (rows === undefined || C === undefined || more !== undefined) {
    throw mismatch('input', name, 'shape of x', [...x.shape], '2 sizes (ROWS, C)');
  }
  checkRange(name, 'rows', index, 1, rows);
  const attributes = { TOTAL: rows * C, OFFSET: index * C };
  return { op: sliceColumnsOp, inputs: [x], attributes, shape: [C], dtype: 'f32', name };
}

function checkRange(where: string, what: string, first: number, count: number, total: number): void {
  const whole = Number.isInteger(first) && Number.isInteger(count);
  if (whole && first >= 0 && count > 0 && first + count <= total) return;
  throw mismatch('input', where, what, `${count} from ${first} on`, `some of ${total}`);
}
