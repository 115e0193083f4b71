// Parameters by name: a scope hands out parameter nodes under a dotted prefix, as torch.nn.Module paths do. The same
// name always gives the same node.

import { type Node, parameter, type Shape } from '../graph/node.ts';

export interface Params {
  /** The parameter `<prefix><name>`; `permutation` as in graph/node.ts. */
  get(name: string, fileShape: Shape, permutation?: readonly number[]): Node;
  /** The full name of something in this scope. */
  path(name: string): string;
  at(name: string): Params;
}

export function params(prefix = '', known = new Map<string, Node>()): Params {
  const path = (name: string) => (prefix ? `${prefix}.${name}` : name);
  return {
    path,
    at: (name) => params(path(name), known),
    get(name, fileShape, permutation) {
      const full = path(name);
      const node = known.get(full) ?? parameter(full, fileShape, permutation);
      known.set(full, node);
      return node;
    },
  };
}
