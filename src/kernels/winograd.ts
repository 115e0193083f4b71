// What the kernels of Winograd's convolution share: the number of tiles, and for their references the matrices, derived
// here by the Toom-Cook formula. Not a kernel.

import { ceilDiv } from './kernel.ts';

/** TILE x TILE outputs are made from SIZE x SIZE = (TILE + 2) x (TILE + 2) products. */
export type Tile = 2 | 4;

/** Products of one tile: 16 or 36. */
export const winogradSize = (TILE: number): number => (TILE + 2) ** 2;

/** Tiles that cover the output maps of the batch: the rows of every product. */
export const winogradTiles = (k: { N: number; OH: number; OW: number; TILE: number }): number =>
  k.N * ceilDiv(k.OH, k.TILE) * ceilDiv(k.OW, k.TILE);

export interface WinogradMatrices {
  /** (SIZE, SIZE): input transform B^T d B. */
  readonly BT: readonly (readonly number[])[];
  /** (SIZE, 3): weights transform G g G^T. */
  readonly G: readonly (readonly number[])[];
  /** (TILE, SIZE): output transform A^T m A. */
  readonly AT: readonly (readonly number[])[];
}

/**
 * Toom-Cook for finite points p_0 .. p_n-1 and infinity (Barabasz et al., "Error Analysis and Improving the Accuracy of
 * Winograd Convolution for Deep Neural Networks", 2020): with M(x) the product of all x - p_j and M_j = M / (x - p_j),
 * row j of B^T holds the coefficients of M_j, row j of G 1, p_j, p_j^2 over M_j(p_j), column j of A^T the powers of p_j;
 * infinity has M itself, 0 0 1 and 0 .. 0 1. A sign of M_j(p_j) may move from G to B^T.
 *
 * TILE 2: points 0, +-1. TILE 4: points 0, +-sqrt(1/2), +-sqrt(2), whose error in f32 is half that of 0, +-1, +-2:
 * 2.3 times a direct sum's (root mean square, 64 channels) against 4.8; TILE 2 has 0.8 times.
 */
export function winogradMatrices(TILE: number): WinogradMatrices {
  const [half, root] = [Math.SQRT1_2, Math.SQRT2];
  const points = TILE === 2 ? [0, 1, -1] : [0, half, -half, root, -root];
  const others = points.map((p) => points.filter((q) => q !== p));
  const norms = points.map((p, j) => others[j]!.reduce((product, q) => product * (p - q), 1));
  const sign = (j: number): number => (j === 0 ? Math.sign(norms[0]!) : 1);
  const size = TILE + 2;
  const padded = (row: number[]): number[] => [...row, ...new Array<number>(size - row.length).fill(0)];
  return {
    BT: [...points.map((_, j) => padded(polynomial(others[j]!).map((c) => c * sign(j)))), polynomial(points)],
    G: [...points.map((p, j) => [1, p, p * p].map((power) => (power * sign(j)) / norms[j]!)), [0, 0, 1]],
    AT: Array.from({ length: TILE }, (_, i) => [...points.map((p) => p ** i), i === TILE - 1 ? 1 : 0]),
  };
}

/** Coefficients, lowest first, of the product of all x - root. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>(
    (c, root) => Array.from({ length: c.length + 1 }, (_, i) => (c[i - 1] ?? 0) - root * (c[i] ?? 0)),
    [1],
  );
}

/** L d L^T: `at(i, j)` gives d. */
export function sandwich(L: readonly (readonly number[])[], at: (i: number, j: number) => number): number[][] {
  const inner = L[0]!.map((_, i) => L.map((row) => row.reduce((sum, factor, j) => sum + factor * at(i, j), 0)));
  return L.map((row) => L.map((_, j) => row.reduce((sum, factor, i) => sum + factor * inner[i]![j]!, 0)));
}
