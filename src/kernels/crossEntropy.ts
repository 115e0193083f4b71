// crossEntropy: the loss of each row of logits, as its share of the mean; sumRows adds them up.

import shader from '../../shaders/crossEntropy.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `SMOOTHING` as torch's label_smoothing; a workgroup has `LINES` rows x `LANES` invocations. */
export type CrossEntropyKnobs = {
  N: number;
  K: number;
  WEIGHT: number;
  SMOOTHING: number;
  LINES: number;
  LANES: number;
};

export const crossEntropy: Kernel<CrossEntropyKnobs> = {
  name: 'crossEntropy',
  shader,
  grid: (k) => linearGrid(k.N, k.LINES),
  elements: (k) => ({ logits: k.N * k.K, labels: k.N, losses: k.N }),
  flops: (k) => 5 * k.N * k.K,
};

export const crossEntropyReference: Reference<CrossEntropyKnobs> = ({ logits, labels }, k) => ({
  losses: Float64Array.from({ length: k.N }, (_, n) => {
    const row = Array.from(logits!).slice(n * k.K, (n + 1) * k.K);
    const maximum = Math.max(...row);
    const logarithm = Math.log(row.reduce((sum, x) => sum + Math.exp(x - maximum), 0));
    const mean = row.reduce((sum, x) => sum + (x - maximum), 0) / k.K;
    const right = row[labels![n]!]! - maximum;
    return (k.WEIGHT / k.N) * (logarithm - (1 - k.SMOOTHING) * right - k.SMOOTHING * mean);
  }),
});
