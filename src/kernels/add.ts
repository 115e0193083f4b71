// add: the sum of two values of the same shape, with an activation.

import shader from '../../shaders/add.wgsl';
import { activateReference, type Kernel, linearGrid, type Reference } from './kernel.ts';

export type AddKnobs = { SIZE: number; ACTIVATION: number; WORKGROUP: number };

export const add: Kernel<AddKnobs> = {
  name: 'add',
  shader,
  grid: (k) => linearGrid(k.SIZE, k.WORKGROUP),
  elements: (k) => ({ a: k.SIZE, b: k.SIZE, y: k.SIZE }),
  flops: (k) => k.SIZE,
};

export const addReference: Reference<AddKnobs> = ({ a, b }, k) => ({
  y: Float64Array.from({ length: k.SIZE }, (_, i) => activateReference(a![i]! + b![i]!, k.ACTIVATION)),
});
