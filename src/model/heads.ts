// The classifiers at the end of the branches.

import type { Node } from '../graph/node.ts';
import { batchNorm, linear } from './layers.ts';
import type { Params } from './params.ts';

/**
 * f (N, features) -> logits (N, classes): BN -> Linear -> BN -> ELU -> Linear. Parameters: `<params>.{bn1,fc1,bn2,fc2}`.
 */
export function head(params: Params, f: Node, hidden: number, classes: number): Node {
  let y = batchNorm(params, 'bn1', f);
  y = linear(params, 'fc1', y, hidden);
  y = batchNorm(params, 'bn2', y, 'elu');
  return linear(params, 'fc2', y, classes);
}
