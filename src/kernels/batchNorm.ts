// batchNorm: normalises each channel with given statistics, as torch.nn.BatchNorm1d and 2d in inference. It does not
// compute statistics.

import shader from '../../shaders/batchNorm.wgsl';
import { activateReference, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `ROWS`: all positions of all images. */
export type BatchNormKnobs = { ROWS: number; C: number; EPS: number; ACTIVATION: number; WORKGROUP: number };

export const batchNorm: Kernel<BatchNormKnobs> = {
  name: 'batchNorm',
  shader,
  grid: (k) => linearGrid(k.ROWS * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.ROWS * k.C, gamma: k.C, beta: k.C, mean: k.C, variance: k.C, y: k.ROWS * k.C }),
  flops: (k) => 4 * k.ROWS * k.C,
};

export const batchNormReference: Reference<BatchNormKnobs> = ({ x, gamma, beta, mean, variance }, k) => ({
  y: Float64Array.from({ length: k.ROWS * k.C }, (_, i) => {
    const c = i % k.C;
    const normalised = (x![i]! - mean![c]!) / Math.sqrt(variance![c]! + k.EPS);
    return activateReference(normalised * gamma![c]! + beta![c]!, k.ACTIVATION);
  }),
});
