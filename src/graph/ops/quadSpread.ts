// How element-wise kernels go over a value in quads. Buffers end on whole ones (bytesOf in half.ts).

import { ceilDiv } from '../../kernels/kernel.ts';
import { elementCount, type Shape } from '../node.ts';
import type { Target } from '../target.ts';

/** On software adapters an invocation takes several quads: starting it costs more than computing one. */
export const quadSpread = (shape: Shape, { family }: Target): { QUADS: number; EACH: number; WORKGROUP: number } => ({
  QUADS: ceilDiv(elementCount(shape), 4),
  EACH: family === 'software' ? 4 : 1,
  WORKGROUP: 64,
});
