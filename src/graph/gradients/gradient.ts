// What a gradient rule is. Each rule stands in a file of its own beside this one, so that pages which only classify do not
// load it; rules.ts has the table.

import type { Node } from '../node.ts';

/**
 * Gradients of the loss for each input of `node`, given `dy`, that of its value `y`; undefined where an input gets none.
 * Where values are computed again the inputs of `node` are the second ones, and y may be a kept one: `node` itself is no value.
 * `needs[i]` says whether anybody wants that of input i. Nodes made here list dy first among their inputs: a plan computes
 * inputs in order, and what the rest of a rule needs is then made (again, with recomputation) as late as possible.
 */
export type Gradient<A = unknown> = (
  node: Node<A>,
  dy: Node,
  needs: readonly boolean[],
  y: Node,
) => readonly (Node | undefined)[];
