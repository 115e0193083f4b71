// maxPoolGradient: what a max pooling hands back to x, gathered by each position of x.

import shader from '../../shaders/maxPoolGradient.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';
import type { MaxPoolKnobs } from './maxPool.ts';

/** How many windows cover a position at most. */
export const coveringWindows = (k: MaxPoolKnobs): number => ceilDiv(k.KH, k.STRIDE_H) * ceilDiv(k.KW, k.STRIDE_W);

/** The knobs of `maxPool`; all but WORKGROUP are run-time parameters of the shader. */
export const maxPoolGradient: Kernel<MaxPoolKnobs> = {
  name: 'maxPoolGradient',
  shader,
  grid: (k) => linearGrid(k.N * k.H * k.W * k.C, k.WORKGROUP),
  elements: (k) => {
    const windows = k.N * k.OH * k.OW * k.C;
    return { dy: windows, indices: windows, dx: k.N * k.H * k.W * k.C };
  },
  flops: (k) => k.N * k.H * k.W * k.C * coveringWindows(k),
};

export const maxPoolGradientReference: Reference<MaxPoolKnobs> = ({ dy, indices }, k) => {
  const dx = new Float64Array(k.N * k.H * k.W * k.C);
  const windows = k.OH * k.OW * k.C;
  for (let i = 0; i < k.N * windows; i++) {
    const image = Math.floor(i / windows) * k.H * k.W;
    dx[(image + indices![i]!) * k.C + (i % k.C)]! += dy![i]!;
  }
  return { dx };
};
