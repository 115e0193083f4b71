import * as fc from 'fast-check';
import { test } from 'uvu';
import type { Kernel } from '../../src/kernels/kernel.ts';
import { type MatmulKnobs, matmul, matmulReference } from '../../src/kernels/matmul.ts';
import { matmulTiled } from '../../src/kernels/matmulTiled.ts';
import { checkKernel } from '../harness/kernel.ts';

const padded = (size: number): number => 4 * Math.ceil(size / 4);
const base = {
  ...{ BATCH: 1, GROUPS: 1, M: 19, N: 21, K: 12, TRANSPOSE_A: 0, TRANSPOSE_B: 0 },
  ...{ ALPHA: 1, RESIDUAL: 0, SCALED: 0, GAMMA: 0, LOWEST: 0 },
};

/** Matrices one behind the other, rows padded to whole vec4. */
function packed(change: Partial<MatmulKnobs>): MatmulKnobs {
  const k = { ...base, ...change };
  const [rowsA, A_ROW] = k.TRANSPOSE_A ? [k.K, padded(k.M)] : [k.M, padded(k.K)];
  const [rowsB, B_ROW] = k.TRANSPOSE_B ? [k.N, padded(k.K)] : [k.K, padded(k.N)];
  const Y_ROW = padded(k.N);
  const [A_GROUP, B_GROUP, Y_GROUP] = [rowsA * A_ROW, rowsB * B_ROW, k.M * Y_ROW];
  const batch = { A_BATCH: k.GROUPS * A_GROUP, B_BATCH: k.GROUPS * B_GROUP, Y_BATCH: k.GROUPS * Y_GROUP };
  return { ...k, A_ROW, A_GROUP, B_ROW, B_GROUP, Y_ROW, Y_GROUP, ...batch, ...change };
}

const check = (kernel: Kernel<MatmulKnobs>, k: MatmulKnobs, seed = 1) =>
  kernel === matmulTiled
    ? checkKernel(kernel, matmulReference, k, { seed })
    : checkKernel(matmul, matmulReference, { WORKGROUP: 64, ...k }, { seed });
const kernels = [matmul as unknown as Kernel<MatmulKnobs>, matmulTiled];

/** Groups of `c` channels of maps (BATCH, positions, channels), as channel-group attention reads them. */
const grams = (positions: number, groups: number, c: number): Partial<MatmulKnobs> => ({
  ...{ BATCH: 2, GROUPS: groups, M: c, N: c, K: positions, TRANSPOSE_A: 1, ALPHA: -0.125 },
  ...{ A_ROW: groups * c, A_GROUP: c, A_BATCH: positions * groups * c },
  ...{ B_ROW: groups * c, B_GROUP: c, B_BATCH: positions * groups * c },
});
const applied = (positions: number, groups: number, c: number): Partial<MatmulKnobs> => ({
  ...{ BATCH: 2, GROUPS: groups, M: positions, N: c, K: c, TRANSPOSE_B: 1, RESIDUAL: 1 },
  ...{ A_ROW: groups * c, A_GROUP: c, A_BATCH: positions * groups * c },
  ...{ Y_ROW: groups * c, Y_GROUP: c, Y_BATCH: positions * groups * c },
});

const cases: Record<string, Partial<MatmulKnobs>> = {
  control: {},
  'one result': { M: 1, N: 1, K: 1 },
  'one row, several tiles wide': { M: 1, N: 132 },
  'one column, several tiles high': { M: 132, N: 1 },
  'more than a tile in every direction': { M: 70, N: 76, K: 68 },
  'depth within a vec4': { K: 7 },
  'A transposed': { TRANSPOSE_A: 1, K: 9 },
  'B transposed': { TRANSPOSE_B: 1 },
  'both transposed': { TRANSPOSE_A: 1, TRANSPOSE_B: 1 },
  'a batch of groups': { BATCH: 2, GROUPS: 3 },
  'residual and alpha': { RESIDUAL: 1, GAMMA: 2, ALPHA: 0.5 },
  'scaled by gamma, padded': { SCALED: 1, GAMMA: 1, ALPHA: 0.5 },
  'padded with the lowest float': { LOWEST: 1, N: 5, TRANSPOSE_B: 1 },
  'products of the channels of a group': grams(7, 3, 12),
  'weights of a group applied': applied(7, 3, 12),
};
for (const [name, change] of Object.entries(cases)) {
  test(`matmul: ${name}`, () => check(matmul as unknown as Kernel<MatmulKnobs>, packed(change)));
}

// Few cases: software adapters compile it slowly, and what is loaded and stored is the same code in both kernels.
for (const name of [
  'more than a tile in every direction',
  'both transposed',
  'weights of a group applied',
  'scaled by gamma, padded',
]) {
  test(`matmulTiled: ${name}`, () => check(matmulTiled, packed(cases[name]!)));
}

test('matmul: a grid folded into y', () => {
  const k = packed({ M: 8 * 66000, N: 4, K: 1, ALPHA: 2 });
  return checkKernel(matmul, matmulReference, { ...k, WORKGROUP: 1 });
});

const shapes = fc.record({
  ...{ BATCH: fc.integer({ min: 1, max: 3 }), GROUPS: fc.integer({ min: 1, max: 3 }) },
  ...{ M: fc.integer({ min: 1, max: 40 }), N: fc.integer({ min: 1, max: 40 }), K: fc.integer({ min: 1, max: 40 }) },
  ...{ TRANSPOSE_A: fc.integer({ min: 0, max: 1 }), TRANSPOSE_B: fc.integer({ min: 0, max: 1 }) },
  ...{ RESIDUAL: fc.integer({ min: 0, max: 1 }), GAMMA: fc.integer({ min: 0, max: 2 }) },
  LOWEST: fc.integer({ min: 0, max: 1 }),
});
for (const kernel of kernels) {
  test(`${kernel.name}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.nat(), (k, seed) =>
        check(kernel, packed({ ...k, K: k.TRANSPOSE_B ? padded(k.K) : k.K, ALPHA: k.RESIDUAL ? 0.3 : -0.3 }), seed),
      ),
      { numRuns: kernel === matmulTiled ? 5 : 10, seed: 7 },
    ));
}

test.run();
