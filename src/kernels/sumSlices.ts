// sumSlices: the second pass of a convolution whose depth was cut into slices; adds them in order, then the epilogue.

import shader from '../../shaders/sumSlices.wgsl';
import type { Epilogue } from './conv2d.ts';
import { activateReference, type Kernel, linearGrid, type Reference } from './kernel.ts';

export type SumSlicesKnobs = Epilogue & { SLICES: number; M: number; K: number; WORKGROUP: number };

export const sumSlices: Kernel<SumSlicesKnobs> = {
  name: 'sumSlices',
  shader,
  grid: (k) => linearGrid((k.M * k.K) / 4, k.WORKGROUP),
  elements: (k) => ({
    sums: k.SLICES * k.M * k.K,
    scale: k.K,
    shift: k.K,
    residual: k.RESIDUAL ? k.M * k.K : 0,
    y: k.M * k.K,
  }),
  flops: (k) => k.SLICES * k.M * k.K,
};

export const sumSlicesReference: Reference<SumSlicesKnobs> = ({ sums, scale, shift, residual }, k) => {
  const y = new Float64Array(k.M * k.K);
  for (let i = 0; i < y.length; i++) {
    let sum = 0;
    for (let slice = 0; slice < k.SLICES; slice++) sum += sums![slice * y.length + i]!;
    const value = sum * scale![i % k.K]! + shift![i % k.K]! + (k.RESIDUAL ? residual![i]! : 0);
    y[i] = activateReference(value, k.ACTIVATION);
  }
  return { y };
};
