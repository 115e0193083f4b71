// attendQuad: attend for software adapters with subgroups, without barriers.

import shader from '../../shaders/attendQuad.wgsl';
import { type AttendShape, attendElements, attendFlops } from './attend.ts';
import { ceilDiv, type Kernel, linearGrid } from './kernel.ts';

/** `TILE` sender positions at a time: a multiple of 16, at most 512. */
export type AttendQuadKnobs = AttendShape & { TILE: number };

export const attendQuad: Kernel<AttendQuadKnobs> = {
  name: 'attendQuad',
  shader,
  grid: (k) => linearGrid(k.N * ceilDiv(k.P, 16), 1),
  elements: attendElements,
  flops: attendFlops,
};

export { attendReference as attendQuadReference } from './attend.ts';
