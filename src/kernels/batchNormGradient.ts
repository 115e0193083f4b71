// batchNormGradient: the gradient of a batch norm in training for its input, with the path through the statistics.

import shader from '../../shaders/batchNormGradient.wgsl';
import { type ChannelQuadsKnobs, channelQuadsGrid } from './batchNormTraining.ts';
import { wholeQuads } from './batchStatistics.ts';
import { type Kernel, type Reference, slopeReference } from './kernel.ts';

export const batchNormGradient: Kernel<ChannelQuadsKnobs> = {
  name: 'batchNormGradient',
  shader,
  grid: channelQuadsGrid,
  elements: (k) => {
    const x = wholeQuads(k.ROWS * k.C);
    return { dy: x, y: k.ACTIVATION ? x : 0, x, statistics: 2 * k.C, gamma: k.C, sums: 2 * k.C, dx: x };
  },
  flops: (k) => 6 * k.ROWS * k.C,
};

export const batchNormGradientReference: Reference<ChannelQuadsKnobs> = (inputs, k) => {
  const { dy, y, x, statistics, gamma, sums } = inputs;
  const dx = Float64Array.from({ length: wholeQuads(k.ROWS * k.C) }, (_, i) => {
    const c = i % k.C;
    const inverse = 1 / Math.sqrt(statistics![k.C + c]! + k.EPS);
    const xhat = (x![i]! - statistics![c]!) * inverse;
    const g = k.ACTIVATION ? dy![i]! * slopeReference(y![i]!, k.ACTIVATION) : dy![i]!;
    return gamma![c]! * inverse * (g - sums![c]! / k.ROWS - (xhat * sums![k.C + c]!) / k.ROWS);
  });
  return { dx };
};
