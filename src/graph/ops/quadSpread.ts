// How element-wise kernels go over a value in quads. Buffers end on whole ones (bytesOf in half.ts).

import { ceilDiv } from '../../kernels/kernel.ts';
import { elementCount, type Shape } from '../node.ts';
import type { Target } from '../target.ts';

/** On software adapters an invocation takes many quads: starting one costs as much as several of them. */
export const quadSpread = (shape: Shape, { family }: Target): { QUADS: number; EACH: number; WORKGROUP: number } => ({
  QUADS: ceilDiv(elementCount(shape), 4),
  EACH: family === 'software' ? 32 : 1,
  WORKGROUP: 64,
});
