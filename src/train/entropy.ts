// The entropy of attention weights: how many others a channel listens to.

import type { Tensor } from '../graph/tensor.ts';

/**
 * Mean of -sum p ln p over the rows of weights (..., c), each of which sums to 1, as a share of the largest, ln c: 1 where
 * all weights are alike, 0 where each row has chosen one.
 */
export function rowEntropy({ shape, data }: Tensor): number {
  const c = shape.at(-1)!;
  const sum = data.reduce((total, p) => (p > 0 ? total - p * Math.log(p) : total), 0);
  return sum / (data.length / c) / Math.log(c);
}
