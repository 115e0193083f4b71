// normaliseGramGradient: what `normaliseGram` hands back to the products of channels; their norms depend on the diagonal.

import shader from '../../shaders/normaliseGramGradient.wgsl';
import { type Kernel, linearGrid, type Reference } from './kernel.ts';
import type { NormaliseGramKnobs } from './normaliseGram.ts';

/** The knobs of `normaliseGram`; MATRICES and C are run-time parameters of the shader. */
export const normaliseGramGradient: Kernel<NormaliseGramKnobs> = {
  name: 'normaliseGramGradient',
  shader,
  grid: (k) => linearGrid(k.MATRICES * k.C * k.C, k.WORKGROUP),
  elements: (k) => {
    const all = k.MATRICES * k.C * k.C;
    return { dy: all, x: all, dx: all };
  },
  flops: (k) => 8 * k.MATRICES * k.C * k.C,
};

export const normaliseGramGradientReference: Reference<NormaliseGramKnobs> = ({ dy, x }, { MATRICES, C, SCALE }) => {
  const dx = new Float64Array(MATRICES * C * C);
  for (let m = 0; m < MATRICES; m++) {
    const at = (i: number, j: number) => (m * C + i) * C + j;
    const norm = (i: number) => Math.max(Math.sqrt(x![at(i, i)]!), 1e-12);
    for (let i = 0; i < C; i++)
      for (let j = 0; j < C; j++) {
        const factor = SCALE / (norm(i) * norm(j));
        dx[at(i, j)]! += factor * dy![at(i, j)]!;
        // y[i][j] falls with the norms of i and of j: d|i| / dx[i][i] = 1 / (2 |i|).
        const dNorms = 0.5 * dy![at(i, j)]! * factor * x![at(i, j)]!;
        for (const k of [i, j]) if (norm(k) > 1e-12) dx[at(k, k)]! -= dNorms / x![at(k, k)]!;
      }
  }
  return { dx };
};
