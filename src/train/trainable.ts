// The parameters of training: states in place of constants, and what the layers leave behind for the backward pass and for
// the running statistics. Frozen parts stay constants, and their layers infer.

import { elementCount, type Node, state } from '../graph/node.ts';
import { batchNormTraining } from '../graph/ops/batchNormTraining.ts';
import { batchStatistics } from '../graph/ops/batchStatistics.ts';
import { filtersPermutation } from '../graph/ops/filtersLast.ts';
import { type Params, params, type Training } from '../model/params.ts';

/** A batch norm's running statistics and what a batch has to say of them. */
export interface RunningStatistics {
  /** The layer's full name. */
  readonly name: string;
  /** States (C). */
  readonly mean: Node;
  readonly variance: Node;
  /** (2, C): mean and biased variance of `rows` values a channel. */
  readonly statistics: Node;
  readonly rows: number;
}

/** Filled while a model is built from `scope`. */
export interface Trainable {
  readonly scope: Params;
  /** States by parameter name, running statistics among them. */
  readonly states: ReadonlyMap<string, Node>;
  readonly running: readonly RunningStatistics[];
  /** Between these nodes the backward pass may compute values again. */
  readonly boundaries: ReadonlySet<Node>;
}

/** `frozen`: dotted prefixes of parameter names that are not trained, `backbone` or `backbone.layer1` for instance. */
export function trainable(frozen: readonly string[] = []): Trainable {
  const states = new Map<string, Node>();
  const running: RunningStatistics[] = [];
  const boundaries = new Set<Node>();
  const constants = new Map<string, Node>();
  const training: Training = {
    batchNorm(name, x, { gamma, beta, mean, variance }, options) {
      const statistics = batchStatistics(`${name}/statistics`, x);
      boundaries.add(statistics); // small
      running.push({ name, mean, variance, statistics, rows: elementCount(x.shape) / gamma.shape[0]! });
      return batchNormTraining(name, x, statistics, { gamma, beta }, options);
    },
    boundary: (node) => void boundaries.add(node),
  };
  const once = (name: string, make: () => Node) => {
    const node = states.get(name) ?? make();
    states.set(name, node);
    return node;
  };
  const isFrozen = (path: string) => frozen.some((prefix) => path === prefix || path.startsWith(`${prefix}.`));
  const scopeOf = (prefix: string): Params => {
    if (isFrozen(prefix)) return params(prefix, constants);
    const path = (name: string) => (prefix ? `${prefix}.${name}` : name);
    return {
      path,
      at: (name) => scopeOf(path(name)),
      get: (name, shape) => once(path(name), () => state(path(name), shape)),
      filters: (name, shape) => {
        const permutation = filtersPermutation(shape);
        const here = permutation.map((axis) => shape[axis]!);
        return once(path(name), () => state(path(name), here, permutation));
      },
      training,
    };
  };
  return { scope: scopeOf(''), states, running, boundaries };
}
