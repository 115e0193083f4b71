// copy: measures the adapter's bandwidth ceiling; part of no model.

import shader from '../../shaders/copy.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export type CopyKnobs = { WORKGROUP: number; GROUPS: number; STEPS: number };

const values = (k: CopyKnobs) => 4 * k.GROUPS * k.WORKGROUP * k.STEPS;

export const copy: Kernel<CopyKnobs> = {
  name: 'copy',
  shader,
  grid: (k) => linearGrid(k.GROUPS * k.WORKGROUP, k.WORKGROUP),
  elements: (k) => ({ x: values(k), y: values(k) }),
  flops: () => 0,
};

export const copyReference: Reference<CopyKnobs> = ({ x }) => ({ y: Float64Array.from(x!) });
