// flipFilters: a convolution's weights turned round, so that another convolution gives the gradient of its input.

import shader from '../../shaders/flipFilters.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** w (TAPS, C, K) -> y (TAPS, K, C), the taps backwards. C and K are multiples of 4. */
export type FlipFiltersKnobs = { TAPS: number; C: number; K: number; WORKGROUP: number };

export const flipFilters: Kernel<FlipFiltersKnobs> = {
  name: 'flipFilters',
  shader,
  grid: (k) => linearGrid((k.TAPS * k.C * k.K) / 16, k.WORKGROUP),
  elements: (k) => ({ w: k.TAPS * k.C * k.K, y: k.TAPS * k.C * k.K }),
  flops: () => 0,
};

export const flipFiltersReference: Reference<FlipFiltersKnobs> = ({ w }, { TAPS, C, K }) => ({
  y: Float64Array.from({ length: TAPS * C * K }, (_, i) => {
    const [tap, k, c] = [Math.floor(i / (C * K)), Math.floor(i / C) % K, i % C];
    return w![((TAPS - 1 - tap) * C + c) * K + k]!;
  }),
});
