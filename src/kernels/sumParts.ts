// sumParts: the second pass of a reduction to one number, which stands in a vector of zeros: the gradient of one scalar of
// several that are learnt.

import shader from '../../shaders/sumParts.wgsl';
import { ceilDiv, type Kernel, type Reference } from './kernel.ts';

/** `COUNT` parts; y has `LENGTH` elements. All but WORKGROUP are run-time parameters of the shader. */
export type SumPartsKnobs = { COUNT: number; LENGTH: number; INDEX: number; WORKGROUP: number };

/** Additions on the way from a part to the sum. */
export const sumPartsDepth = (k: SumPartsKnobs): number => ceilDiv(k.COUNT, k.WORKGROUP) + k.WORKGROUP;

export const sumParts: Kernel<SumPartsKnobs> = {
  name: 'sumParts',
  shader,
  grid: () => [1, 1, 1],
  elements: (k) => ({ parts: k.COUNT, y: k.LENGTH }),
  flops: (k) => k.COUNT,
};

export const sumPartsReference: Reference<SumPartsKnobs> = ({ parts }, { COUNT, LENGTH, INDEX }) => {
  const y = new Float64Array(LENGTH);
  for (let i = 0; i < COUNT; i++) y[INDEX]! += parts![i]!;
  return { y };
};
