// addSlices: the second pass of a sum over positions that was cut into slices; adds them in order and does nothing else.

import shader from '../../shaders/addSlices.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `SIZE`: values of one slice, a multiple of 4. */
export type AddSlicesKnobs = { SLICES: number; SIZE: number; WORKGROUP: number };

export const addSlices: Kernel<AddSlicesKnobs> = {
  name: 'addSlices',
  shader,
  grid: (k) => linearGrid(k.SIZE / 4, k.WORKGROUP),
  elements: (k) => ({ x: k.SLICES * k.SIZE, y: k.SIZE }),
  flops: (k) => (k.SLICES - 1) * k.SIZE,
};

export const addSlicesReference: Reference<AddSlicesKnobs> = ({ x }, { SLICES, SIZE }) => ({
  y: Float64Array.from({ length: SIZE }, (_, i) => {
    let sum = 0;
    for (let slice = 0; slice < SLICES; slice++) sum += x![slice * SIZE + i]!;
    return sum;
  }),
});
