// The table of gradient rules, by op.

import type { Op } from '../node.ts';
import { addOp } from '../ops/add.ts';
import { addGradients } from './add.ts';
import type { Gradient } from './gradient.ts';

/** Checks that a rule is one of its op, then forgets the attributes, so that rules can share a table. */
const rule = <A>(op: Op<A>, gradient: Gradient<A>): readonly [Op, Gradient] => [op as Op, gradient as Gradient];

export const rules: ReadonlyMap<Op, Gradient> = new Map([rule(addOp, addGradients)]);
