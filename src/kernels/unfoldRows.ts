// unfoldRows: the rows of a convolution's windows, each a run of floats within a border of zeros, so that the vec4 kernels can
// serve channel counts that are no multiple of 4.

import shader from '../../shaders/unfoldRows.wgsl';
import type { Conv2dGeometry } from './conv2d.ts';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** `TO`: floats of a run, a multiple of 4. */
export type UnfoldRowsKnobs = {
  N: number;
  H: number;
  W: number;
  C: number;
  OW: number;
  KW: number;
  STRIDE_W: number;
  PAD_H: number;
  PAD_W: number;
  DILATION_W: number;
  TO: number;
  WORKGROUP: number;
};

/** The convolution of unfolded rows that equals this one: filters (KH, 1, 4 ceil(KW C / 4), K), zeros behind every row. */
export function unfolded<Knobs extends Conv2dGeometry>(k: Knobs): Knobs {
  const column = { W: k.OW, KW: 1, STRIDE_W: 1, PAD_W: 0, DILATION_W: 1 };
  return { ...k, ...column, C: 4 * ceilDiv(k.KW * k.C, 4), H: k.H + 2 * k.PAD_H, PAD_H: 0 };
}

/** The knobs that unfold x for it. */
export function unfoldRowsKnobs(k: Conv2dGeometry, WORKGROUP: number): UnfoldRowsKnobs {
  const { N, H, W, C, OW, KW, STRIDE_W, PAD_H, PAD_W, DILATION_W } = k;
  return { N, H, W, C, OW, KW, STRIDE_W, PAD_H, PAD_W, DILATION_W, TO: unfolded(k).C, WORKGROUP };
}

/** Of a matrix, each row a window of one pixel: `rows` of `from` floats get zeros behind them, up to `to`. */
export function padRowsKnobs(rows: number, from: number, to: number, WORKGROUP: number): UnfoldRowsKnobs {
  const window = { KW: 1, STRIDE_W: 1, PAD_H: 0, PAD_W: 0, DILATION_W: 1 };
  return { N: 1, H: 1, W: rows, C: from, OW: rows, ...window, TO: to, WORKGROUP };
}

const outputs = (k: UnfoldRowsKnobs) => k.N * (k.H + 2 * k.PAD_H) * k.OW * k.TO;

export const unfoldRows: Kernel<UnfoldRowsKnobs> = {
  name: 'unfoldRows',
  shader,
  grid: (k) => linearGrid(outputs(k) / 4, k.WORKGROUP),
  elements: (k) => ({ x: k.N * k.H * k.W * k.C, y: outputs(k) }),
  flops: () => 0,
};

export const unfoldRowsReference: Reference<UnfoldRowsKnobs> = ({ x }, k) => {
  const y = new Float64Array(outputs(k));
  for (let n = 0; n < k.N; n++)
    for (let h = 0; h < k.H; h++)
      for (let j = 0; j < k.OW; j++)
        for (let i = 0; i < k.KW * k.C; i++) {
          const w = j * k.STRIDE_W - k.PAD_W + Math.floor(i / k.C) * k.DILATION_W;
          if (w < 0 || w >= k.W) continue;
          const run = ((n * (k.H + 2 * k.PAD_H) + h + k.PAD_H) * k.OW + j) * k.TO;
          y[run + i] = x![((n * k.H + h) * k.W + w) * k.C + (i % k.C)]!;
        }
  return { y };
};
