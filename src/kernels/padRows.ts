// padRows: zeros at the end of every row, so that the vec4 kernels can serve other channel counts.

import shader from '../../shaders/padRows.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export type PadRowsKnobs = { ROWS: number; FROM: number; TO: number; WORKGROUP: number };

export const padRows: Kernel<PadRowsKnobs> = {
  name: 'padRows',
  shader,
  grid: (k) => linearGrid(k.ROWS * k.TO, k.WORKGROUP),
  elements: (k) => ({ x: k.ROWS * k.FROM, y: k.ROWS * k.TO }),
  flops: () => 0,
};

export const padRowsReference: Reference<PadRowsKnobs> = ({ x }, k) => ({
  y: Float64Array.from({ length: k.ROWS * k.TO }, (_, i) => {
    const column = i % k.TO;
    return column < k.FROM ? x![Math.floor(i / k.TO) * k.FROM + column]! : 0;
  }),
});
