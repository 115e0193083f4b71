// padImage: a border of zeros round every image and zeros behind every pixel's channels, so that the vec4 kernels can serve
// other channel counts and a convolution need not ask where the image ends.

import shader from '../../shaders/padImage.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export type PadImageKnobs = {
  N: number;
  H: number;
  W: number;
  FROM: number;
  TO: number;
  PAD_H: number;
  PAD_W: number;
  WORKGROUP: number;
};

const outputs = (k: PadImageKnobs) => k.N * (k.H + 2 * k.PAD_H) * (k.W + 2 * k.PAD_W) * k.TO;

export const padImage: Kernel<PadImageKnobs> = {
  name: 'padImage',
  shader,
  grid: (k) => linearGrid(outputs(k), k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.FROM, y: outputs(k) }),
  flops: () => 0,
};

export const padImageReference: Reference<PadImageKnobs> = ({ x }, k) => {
  const y = new Float64Array(outputs(k));
  for (let n = 0, from = 0; n < k.N; n++)
    for (let h = 0; h < k.H; h++)
      for (let w = 0; w < k.W; w++) {
        const pixel = (n * (k.H + 2 * k.PAD_H) + h + k.PAD_H) * (k.W + 2 * k.PAD_W) + w + k.PAD_W;
        for (let c = 0; c < k.FROM; c++) y[pixel * k.TO + c] = x![from++]!;
      }
  return { y };
};
