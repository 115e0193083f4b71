// crossEntropyGradient: the gradient of the mean cross-entropy for the logits.

import shader from '../../shaders/crossEntropyGradient.wgsl';
import type { CrossEntropyKnobs } from './crossEntropy.ts';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export const crossEntropyGradient: Kernel<CrossEntropyKnobs> = {
  name: 'crossEntropyGradient',
  shader,
  grid: (k) => linearGrid(k.N, k.LINES),
  elements: (k) => ({ dy: 1, logits: k.N * k.K, labels: k.N, d: k.N * k.K }),
  flops: (k) => 6 * k.N * k.K,
};

export const crossEntropyGradientReference: Reference<CrossEntropyKnobs> = ({ dy, logits, labels }, k) => {
  const d = new Float64Array(k.N * k.K);
  for (let n = 0; n < k.N; n++) {
    const row = Array.from(logits!).slice(n * k.K, (n + 1) * k.K);
    const maximum = Math.max(...row);
    const sum = row.reduce((total, x) => total + Math.exp(x - maximum), 0);
    row.forEach((x, i) => {
      const target = (i === labels![n] ? 1 - k.SMOOTHING : 0) + k.SMOOTHING / k.K;
      d[n * k.K + i] = ((dy![0]! * k.WEIGHT) / k.N) * (Math.exp(x - maximum) / sum - target);
    });
  }
  return { d };
};
