// How what is summed for each channel over all rows is spread over the adapter: slices of rows, then a second pass that puts
// them together in order.

import type { SlicedKnobs } from '../../kernels/batchStatistics.ts';
import { sumRows } from '../../kernels/sumRows.ts';
import { type Call, call, elementCount, type Node } from '../node.ts';
import type { Target } from '../target.ts';

/** On software adapters an invocation takes a slice of a quad of channels; on GPUs the rows of a slice are dealt out. */
export function slicing(x: Node, { family }: Target): SlicedKnobs {
  const C = x.shape[x.shape.length - 1]!;
  const ROWS = elementCount(x.shape) / C;
  const spread = family === 'software' ? { SLICE: 128, LANES: 1 } : { SLICE: 512, LANES: 16 };
  return { ROWS, C, ...spread, COLUMNS: 16, RAGGED: Number(C % 4 > 0) };
}

/** COLUMNS x LANES of a second pass. */
export const merging = ({ family }: Target): { COLUMNS: number; LANES: number } =>
  family === 'software' ? { COLUMNS: 64, LANES: 1 } : { COLUMNS: 16, LANES: 16 };

/** y (C) = the sum of the rows of x (ROWS, C), in order. */
export const sumRowsCall = (ROWS: number, C: number, buffers: Call['buffers'], target: Target): Call =>
  call(sumRows, { ROWS, C, ...merging(target) }, buffers);
