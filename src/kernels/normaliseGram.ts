// normaliseGram: what the products of channels would be had each channel been divided by its L2 norm first.

import shader from '../../shaders/normaliseGram.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';

export type NormaliseGramKnobs = { MATRICES: number; C: number; SCALE: number; WORKGROUP: number };

export const normaliseGram: Kernel<NormaliseGramKnobs> = {
  name: 'normaliseGram',
  shader,
  grid: (k) => linearGrid(k.MATRICES * k.C * k.C, k.WORKGROUP),
  elements: (k) => ({ x: k.MATRICES * k.C * k.C, y: k.MATRICES * k.C * k.C }),
  flops: (k) => 3 * k.MATRICES * k.C * k.C,
};

export const normaliseGramReference: Reference<NormaliseGramKnobs> = ({ x }, { MATRICES, C, SCALE }) => {
  const y = new Float64Array(MATRICES * C * C);
  for (let m = 0; m < MATRICES; m++) {
    const at = (i: number, j: number) => (m * C + i) * C + j;
    const norm = (i: number) => Math.max(Math.sqrt(x![at(i, i)]!), 1e-12);
    for (let i = 0; i < C; i++) for (let j = 0; j < C; j++) y[at(i, j)] = (SCALE * x![at(i, j)]!) / (norm(i) * norm(j));
  }
  return { y };
};
