// Parameters by name: a scope hands out parameter nodes under a dotted prefix, as torch.nn.Module paths do. The same
// name always gives the same node.

import { type Node, parameter, type Shape } from '../graph/node.ts';
import type { BatchNormOptions, BatchNormParameters } from '../graph/ops/batchNorm.ts';
import { filtersLast } from '../graph/ops/filtersLast.ts';

export interface Params {
  /** The parameter `<prefix><name>` in the shape that files give it. */
  get(name: string, shape: Shape): Node;
  /** The same with its filters last, as convolutions and linear layers take it. */
  filters(name: string, shape: Shape): Node;
  /** The full name of something in this scope. */
  path(name: string): string;
  at(name: string): Params;
  /** How layers of this scope are trained; absent where they only infer. */
  readonly training?: Training;
}

/** What layers do in training otherwise than in inference. Training itself, which pages do not load, brings it. */
export interface Training {
  /**
   * activation(batch norm of x by its own statistics + residual), and a note that the running statistics follow. `name` is
   * the layer's full name.
   */
  batchNorm(name: string, x: Node, parameters: BatchNormParameters, options: TrainedNormOptions): Node;
  /** Says that what lies between two such nodes may be computed again in the backward pass. */
  boundary(node: Node): void;
}

export interface TrainedNormOptions extends BatchNormOptions {
  readonly residual?: Node;
}

/** The parameters of inference: constants that a weights file brings. */
export function params(prefix = '', known = new Map<string, Node>()): Params {
  const path = (name: string) => (prefix ? `${prefix}.${name}` : name);
  const once = (key: string, make: () => Node) => {
    const node = known.get(key) ?? make();
    known.set(key, node);
    return node;
  };
  const get = (name: string, shape: Shape) => once(path(name), () => parameter(path(name), shape));
  return {
    path,
    at: (name) => params(path(name), known),
    get,
    filters: (name, shape) => once(`${path(name)} filters`, () => filtersLast(get(name, shape))),
  };
}
