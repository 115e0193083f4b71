// softmax: softmax or its logarithm over one axis, with the maximum subtracted.

import shader from '../../shaders/softmax.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** x is (OUTER, SIZE, INNER) and SIZE the axis. `LOG` 0 or 1; a workgroup has `LINES` x `SLICES` invocations. */
export type SoftmaxKnobs = {
  OUTER: number;
  SIZE: number;
  INNER: number;
  LOG: number;
  LINES: number;
  SLICES: number;
};

export const softmax: Kernel<SoftmaxKnobs> = {
  name: 'softmax',
  shader,
  grid: (k) => linearGrid(k.OUTER * k.INNER, k.LINES),
  elements: (k) => ({ x: k.OUTER * k.SIZE * k.INNER, y: k.OUTER * k.SIZE * k.INNER }),
  flops: (k) => 5 * k.OUTER * k.SIZE * k.INNER,
};

export const softmaxReference: Reference<SoftmaxKnobs> = ({ x }, { OUTER, SIZE, INNER, LOG }) => {
  const y = new Float64Array(OUTER * SIZE * INNER);
  for (let outer = 0; outer < OUTER; outer++)
    for (let inner = 0; inner < INNER; inner++) {
      const at = (i: number) => (outer * SIZE + i) * INNER + inner;
      let maximum = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < SIZE; i++) maximum = Math.max(maximum, x![at(i)]!);
      let sum = 0;
      for (let i = 0; i < SIZE; i++) sum += Math.exp(x![at(i)]! - maximum);
      for (let i = 0; i < SIZE; i++) {
        const d = x![at(i)]! - maximum;
        y[at(i)] = LOG ? d - Math.log(sum) : Math.exp(d) / sum;
      }
    }
  return { y };
};
