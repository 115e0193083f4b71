// softmaxGradient: what softmax or its logarithm over one axis hands back to x, computed from its result.

import shader from '../../shaders/softmaxGradient.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import type { SoftmaxKnobs } from './softmax.ts';

/** The knobs of `softmax`; OUTER, SIZE and INNER are run-time parameters of the shader. */
export const softmaxGradient: Kernel<SoftmaxKnobs> = {
  name: 'softmaxGradient',
  shader,
  grid: (k) => linearGrid(k.OUTER * k.INNER, k.LINES),
  elements: (k) => {
    const all = k.OUTER * k.SIZE * k.INNER;
    return { dy: all, y: all, dx: all };
  },
  flops: (k) => 4 * k.OUTER * k.SIZE * k.INNER,
};

export const softmaxGradientReference: Reference<SoftmaxKnobs> = ({ dy, y }, { OUTER, SIZE, INNER, LOG }) => {
  const dx = new Float64Array(OUTER * SIZE * INNER);
  for (let outer = 0; outer < OUTER; outer++)
    for (let inner = 0; inner < INNER; inner++) {
      const at = (i: number) => (outer * SIZE + i) * INNER + inner;
      let sum = 0;
      for (let i = 0; i < SIZE; i++) sum += dy![at(i)]! * (LOG ? 1 : y![at(i)]!);
      for (let i = 0; i < SIZE; i++) {
        const [d, value] = [dy![at(i)]!, y![at(i)]!];
        dx[at(i)] = LOG ? d - Math.exp(value) * sum : value * (d - sum);
      }
    }
  return { dx };
};
