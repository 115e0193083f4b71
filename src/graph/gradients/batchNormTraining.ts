// The gradient of a batch norm in training. The path through the statistics is part of that of x: they get none themselves.

import type { Node } from '../node.ts';
import { activationGradient } from '../ops/activationGradient.ts';
import { batchNormGradient } from '../ops/batchNormGradient.ts';
import { batchNormSums } from '../ops/batchNormSums.ts';
import type { BatchNormTrainingAttributes } from '../ops/batchNormTraining.ts';
import { row } from '../ops/sliceColumns.ts';
import type { Gradient } from './gradient.ts';

export const batchNormTrainingGradients: Gradient<BatchNormTrainingAttributes> = (node, dy, needs, y) => {
  const { name, attributes } = node;
  const [x, statistics, gamma, , residual] = node.inputs as [Node, Node, Node, Node, Node?];
  // g = dy activate'(y): a value of its own where the residual gets it too, else made from y wherever it is read.
  const shared = residual && attributes.activation !== 'none';
  const g = shared ? activationGradient(`${name}/g`, dy, y, attributes.activation) : dy;
  const through = { dy: g, x, statistics, ...(!shared && attributes.activation !== 'none' && { y }) };
  // sums = (sum of g, sum of g xhat) over the M rows, xhat = (x - mean) / sqrt(variance + eps)
  const sums = batchNormSums(`${name}/sums`, through, attributes);
  return [
    // dx = gamma / sqrt(variance + eps) (g - sums[0] / M - xhat sums[1] / M)
    needs[0] ? batchNormGradient(`${name}/dx`, { ...through, gamma, sums }, attributes) : undefined,
    undefined,
    needs[2] ? row(`${name}/dgamma`, sums, 1) : undefined,
    needs[3] ? row(`${name}/dbeta`, sums, 0) : undefined,
    ...(residual ? [g] : []),
  ];
};
