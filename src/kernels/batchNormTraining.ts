// batchNormTraining: normalises each channel with the statistics of the batch itself, with residual and activation.

import shader from '../../shaders/batchNormTraining.wgsl';
import { wholeQuads } from './batchStatistics.ts';
import { activateReference, ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `EACH`: rows of a quad of channels that an invocation takes; `RAGGED` 1 where C is no multiple of 4. */
export type ChannelQuadsKnobs = {
  ROWS: number;
  C: number;
  EPS: number;
  ACTIVATION: number;
  RAGGED: number;
  EACH: number;
  WORKGROUP: number;
};
export type BatchNormTrainingKnobs = ChannelQuadsKnobs & { RESIDUAL: number };

export function channelQuadsGrid({ ROWS, C, RAGGED, EACH, WORKGROUP }: ChannelQuadsKnobs) {
  const invocations = RAGGED ? ceilDiv(wholeQuads(ROWS * C) / 4, EACH) : (ceilDiv(ROWS, EACH) * C) / 4;
  return linearGrid(invocations, WORKGROUP);
}

export const batchNormTraining: Kernel<BatchNormTrainingKnobs> = {
  name: 'batchNormTraining',
  shader,
  grid: channelQuadsGrid,
  elements: (k) => {
    const x = wholeQuads(k.ROWS * k.C);
    return { x, statistics: 2 * k.C, gamma: k.C, beta: k.C, residual: k.RESIDUAL ? x : 0, y: x };
  },
  flops: (k) => 4 * k.ROWS * k.C,
};

export const batchNormTrainingReference: Reference<BatchNormTrainingKnobs> = (inputs, k) => {
  const { x, statistics, gamma, beta, residual } = inputs;
  const y = Float64Array.from({ length: wholeQuads(k.ROWS * k.C) }, (_, i) => {
    const c = i % k.C;
    const xhat = (x![i]! - statistics![c]!) / Math.sqrt(statistics![k.C + c]! + k.EPS);
    return activateReference(xhat * gamma![c]! + beta![c]! + (k.RESIDUAL ? residual![i]! : 0), k.ACTIVATION);
  });
  return { y };
};
