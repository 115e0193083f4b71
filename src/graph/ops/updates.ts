// What the ops that update states in place refuse.

import { mismatch } from '../../errors.ts';
import { type Node, type Shape, stateOp } from '../node.ts';

export function checkState(where: string, node: Node, shape: Shape): void {
  if (node.op !== stateOp) throw mismatch('internal', where, node.name, node.op.name, 'a state, to update in place');
  if (node.shape.join() === shape.join()) return;
  throw mismatch('input', where, `shape of ${node.name}`, [...node.shape], [...shape]);
}

/** A list with an element `index`. */
export function checkElement(where: string, { name, shape }: Node, index: number): void {
  if (shape.length === 1 && Number.isInteger(index) && index >= 0 && index < shape[0]!) return;
  throw mismatch('input', where, `element of ${name}`, index, `a whole number below its length (${shape.join(', ')})`);
}

export function checkScalar(where: string, { name, shape }: Node): void {
  if (shape.join() !== '1') throw mismatch('input', where, `shape of ${name}`, [...shape], '(1)');
}
