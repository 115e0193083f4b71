// backward(): nodes that compute gradients, added to a graph. Training is the same road with more nodes on it: the planner
// cannot tell them from others.

import { mismatch, PlumageError } from '../../errors.ts';
import { derived, isConstant, isSource, type Node, reachable } from '../node.ts';
import { add } from '../ops/add.ts';
import { rules } from './rules.ts';

export interface BackwardOptions {
  /** What the loss counts: 1 / m where m runs add up their gradients. By default 1. */
  readonly scale?: number;
  /**
   * Nodes whose values are kept for the backward pass; all others that it needs are computed again from these when it
   * comes to them, which trades time for memory. By default every value is kept.
   */
  readonly keep?: ReadonlySet<Node>;
}

/**
 * The gradients of `loss` (1) for each node of `wrt`, in its shape. Refuses an op without a gradient rule and what the loss
 * does not depend on.
 */
export function backward(loss: Node, wrt: readonly Node[], options: BackwardOptions = {}): Map<Node, Node> {
  if (loss.shape.join() !== '1') throw mismatch('input', 'backward', `shape of ${loss.name}`, [...loss.shape], '(1)');
  const { scale = 1, keep } = options;
  return backpropagate(
    loss,
    derived(`${loss.name}/scale`, [1], [], () => Float32Array.of(scale)),
    wrt,
    keep,
  );
}

/**
 * The gradients for each node of `wrt` given `dy`, that of y. Contributions to one value are added in the order in which
 * its users are met, the last first.
 */
export function backpropagate(y: Node, dy: Node, wrt: readonly Node[], keep?: ReadonlySet<Node>): Map<Node, Node> {
  const order = reachable([y]);
  const needed = new Set<Node>(wrt);
  for (const node of order) if (node.inputs.some((input) => needed.has(input))) needed.add(node);
  const again = keep ? recomputed(keep) : (node: Node) => node;
  const withInputs = (node: Node) => (keep?.has(node) ? { ...node, inputs: node.inputs.map(again) } : again(node));
  const gradients = new Map<Node, Node>([[y, dy]]);
  for (const node of [...order].reverse()) {
    const gradient = gradients.get(node);
    if (!gradient || !needed.has(node) || isSource(node)) continue;
    const rule = rules().get(node.op);
    if (!rule) throw new PlumageError('internal', `${node.name}: op ${node.op.name} has no gradient rule`);
    const needs = node.inputs.map((input) => needed.has(input));
    rule(withInputs(node), gradient, needs, again(node)).forEach((gradient, i) => {
      const input = node.inputs[i]!;
      if (!gradient || !needs[i]) return;
      if (gradient.shape.join() !== input.shape.join()) {
        throw mismatch('internal', `${node.name}: gradient ${i}`, 'shape', [...gradient.shape], [...input.shape]);
      }
      const other = gradients.get(input);
      gradients.set(input, other ? add(`${input.name}/d${node.name}`, gradient, other) : gradient);
    });
  }
  return new Map(
    wrt.map((node) => {
      const gradient = gradients.get(node);
      if (!gradient) throw new PlumageError('input', `backward: ${y.name} does not depend on ${node.name}`);
      return [node, gradient];
    }),
  );
}

/** The node itself where it is kept or depends on no run, else a copy that is computed once more from copies of its inputs. */
function recomputed(keep: ReadonlySet<Node>): (node: Node) => Node {
  const copies = new Map<Node, Node>();
  const copy = (node: Node): Node => {
    const inputs = node.inputs.map((input) => copies.get(input)!);
    const fixed = isConstant(node) || (inputs.length > 0 && inputs.every((input) => constants.has(input)));
    if (fixed) constants.add(node);
    return fixed || isSource(node) || keep.has(node) ? node : { ...node, inputs, name: `${node.name}/again` };
  };
  const constants = new Set<Node>();
  return (node) => {
    for (const each of reachable([node])) if (!copies.has(each)) copies.set(each, copy(each));
    return copies.get(node)!;
  };
}
