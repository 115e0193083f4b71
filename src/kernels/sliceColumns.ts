// sliceColumns: copies some neighbouring columns of a matrix; the gradient of concat.

import shader from '../../shaders/sliceColumns.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

/** The `C` columns from `OFFSET` on of `TOTAL`. All but WORKGROUP are run-time parameters of the shader. */
export type SliceColumnsKnobs = { ROWS: number; C: number; OFFSET: number; TOTAL: number; WORKGROUP: number };

export const sliceColumns: Kernel<SliceColumnsKnobs> = {
  name: 'sliceColumns',
  shader,
  grid: (k) => linearGrid(k.ROWS * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.ROWS * k.TOTAL, y: k.ROWS * k.C }),
  flops: () => 0,
};

export const sliceColumnsReference: Reference<SliceColumnsKnobs> = ({ x }, { ROWS, C, OFFSET, TOTAL }) => ({
  y: Float64Array.from({ length: ROWS * C }, (_, i) => x![Math.floor(i / C) * TOTAL + OFFSET + (i % C)]!),
});
