// scale: a value times one learnt scalar of a vector of them.

import shader from '../../shaders/scale.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** y = gamma[GAMMA] x, `SIZE` elements, a multiple of 4. Both are run-time parameters of the shader. */
export type ScaleKnobs = { SIZE: number; GAMMA: number; WORKGROUP: number };

export const scale: Kernel<ScaleKnobs> = {
  name: 'scale',
  shader,
  grid: (k) => linearGrid(k.SIZE / 4, k.WORKGROUP),
  elements: (k) => ({ x: k.SIZE, gamma: k.GAMMA + 1, y: k.SIZE }),
  flops: (k) => k.SIZE,
};

export const scaleReference: Reference<ScaleKnobs> = ({ x, gamma }, { SIZE, GAMMA }) => ({
  y: Float64Array.from({ length: SIZE }, (_, i) => gamma![GAMMA]! * x![i]!),
});
