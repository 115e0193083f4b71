// globalPoolGradient: what the mean or the maximum over all positions hands back to x; of equal maxima the first has it all.

import shader from '../../shaders/globalPoolGradient.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `MAXIMUM` 0 mean, 1 maximum; `N`, `P` (H * W) and `C` are run-time parameters of the shader. */
export type GlobalPoolGradientKnobs = { N: number; P: number; C: number; MAXIMUM: number; WORKGROUP: number };

export const globalPoolGradient: Kernel<GlobalPoolGradientKnobs> = {
  name: 'globalPoolGradient',
  shader,
  grid: (k) => linearGrid(k.N * k.C, k.WORKGROUP),
  elements: (k) => {
    const [all, channels] = [k.N * k.P * k.C, k.N * k.C];
    return { dy: channels, x: k.MAXIMUM ? all : 0, y: k.MAXIMUM ? channels : 0, dx: all };
  },
  flops: (k) => k.N * k.P * k.C,
};

export const globalPoolGradientReference: Reference<GlobalPoolGradientKnobs> = ({ dy, x, y }, k) => {
  const { N, P, C, MAXIMUM } = k;
  const dx = new Float64Array(N * P * C);
  for (let n = 0; n < N; n++)
    for (let c = 0; c < C; c++) {
      const at = (p: number) => (n * P + p) * C + c;
      const d = dy![n * C + c]!;
      if (!MAXIMUM) for (let p = 0; p < P; p++) dx[at(p)] = d / P;
      for (let p = 0; MAXIMUM && p < P; p++) {
        if (x![at(p)] !== y![n * C + c]) continue;
        dx[at(p)] = d;
        break;
      }
    }
  return { dx };
};
