// batchStatistics: mean and biased variance of each channel over slices of the rows; mergeStatistics puts them together.

import shader from '../../shaders/batchStatistics.wgsl';
import { ceilDiv, type Kernel, linearGrid, type Reference } from './kernel.ts';

/** Rows (all positions of all images) in slices of `SLICE`; a workgroup has `COLUMNS` x `LANES` invocations. */
export type SlicedKnobs = { ROWS: number; C: number; SLICE: number; COLUMNS: number; LANES: number; RAGGED: number };

export const slicesOf = ({ ROWS, SLICE }: { ROWS: number; SLICE: number }): number => ceilDiv(ROWS, SLICE);

/** Elements of a buffer that is bound as vec4: buffers end on whole ones. */
export const wholeQuads = (elements: number): number => 4 * ceilDiv(elements, 4);

/** A workgroup for each slice and `COLUMNS` quads of channels. */
export const slicedGrid = (k: SlicedKnobs) => linearGrid(slicesOf(k) * ceilDiv(ceilDiv(k.C, 4), k.COLUMNS), 1);

export const batchStatistics: Kernel<SlicedKnobs> = {
  name: 'batchStatistics',
  shader,
  grid: slicedGrid,
  elements: (k) => ({ x: wholeQuads(k.ROWS * k.C), partial: slicesOf(k) * 2 * k.C }),
  flops: (k) => 4 * k.ROWS * k.C,
};

export const batchStatisticsReference: Reference<SlicedKnobs> = ({ x }, { ROWS, C, SLICE }) => {
  const partial = new Float64Array(slicesOf({ ROWS, SLICE }) * 2 * C);
  for (let start = 0; start < ROWS; start += SLICE)
    for (let c = 0; c < C; c++) {
      const end = Math.min(start + SLICE, ROWS);
      let sum = 0;
      for (let row = start; row < end; row++) sum += x![row * C + c]!;
      const mean = sum / (end - start);
      let squares = 0;
      for (let row = start; row < end; row++) squares += (x![row * C + c]! - mean) ** 2;
      partial[(start / SLICE) * 2 * C + c] = mean;
      partial[((start / SLICE) * 2 + 1) * C + c] = squares / (end - start);
    }
  return { partial };
};
