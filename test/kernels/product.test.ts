import * as fc from 'fast-check';
import { test } from 'uvu';
import { type ProductKnobs, product, productReference } from '../../src/kernels/product.ts';
import { checkKernel } from '../harness/kernel.ts';

const padded = (size: number): number => 4 * Math.ceil(size / 4);
const base = {
  ...{ BATCH: 1, GROUPS: 1, M: 19, N: 21, K: 12, TRANSPOSE_A: 0, TRANSPOSE_B: 0 },
  ...{ ALPHA: 1, RESIDUAL: 0, SCALED: 0, GAMMA: 0, WORKGROUP: 64 },
};

/** Matrices one behind the other, rows padded to whole vec4. */
function packed(change: Partial<ProductKnobs>): ProductKnobs {
  const k = { ...base, ...change };
  const [rowsA, A_ROW] = k.TRANSPOSE_A ? [k.K, padded(k.M)] : [k.M, padded(k.K)];
  const [rowsB, B_ROW] = k.TRANSPOSE_B ? [k.N, padded(k.K)] : [k.K, padded(k.N)];
  const Y_ROW = padded(k.N);
  const [A_GROUP, B_GROUP, Y_GROUP] = [rowsA * A_ROW, rowsB * B_ROW, k.M * Y_ROW];
  const batch = { A_BATCH: k.GROUPS * A_GROUP, B_BATCH: k.GROUPS * B_GROUP, Y_BATCH: k.GROUPS * Y_GROUP };
  return { ...k, A_ROW, A_GROUP, B_ROW, B_GROUP, Y_ROW, Y_GROUP, ...batch, ...change };
}

const check = (change: Partial<ProductKnobs>, seed = 1) =>
  checkKernel(product, productReference, packed(change), { seed });

/** Groups of `c` channels of maps (BATCH, positions, channels), as the gradient of channel-group attention reads them. */
const map = (operand: 'A' | 'B' | 'Y', positions: number, groups: number, c: number): Partial<ProductKnobs> => ({
  ...{ [`${operand}_ROW`]: groups * c, [`${operand}_GROUP`]: c, [`${operand}_BATCH`]: positions * groups * c },
});
const grouped = { BATCH: 2, GROUPS: 3 };

const cases: Record<string, Partial<ProductKnobs>> = {
  control: {},
  'one result': { M: 1, N: 1, K: 1 },
  'one row': { M: 1, N: 132 },
  'one column': { M: 132, N: 1 },
  'depth within a vec4': { K: 7 },
  'A transposed, every edge ragged': { TRANSPOSE_A: 1, K: 9 },
  'B transposed': { TRANSPOSE_B: 1 },
  'both transposed': { TRANSPOSE_A: 1, TRANSPOSE_B: 1 },
  'a batch of groups': grouped,
  'residual and alpha': { RESIDUAL: 1, GAMMA: 2, ALPHA: 0.5 },
  'scaled by gamma': { SCALED: 1, GAMMA: 1, ALPHA: 0.5 },
  'channels of a group with those of another map': {
    ...{ ...grouped, M: 12, N: 12, K: 7, TRANSPOSE_A: 1 },
    ...{ ...map('A', 7, 3, 12), ...map('B', 7, 3, 12) },
  },
  'matrices applied to the channels of a group': {
    ...{ ...grouped, M: 7, N: 12, K: 12, RESIDUAL: 1 },
    ...{ ...map('A', 7, 3, 12), ...map('Y', 7, 3, 12) },
  },
  'a grid folded into y': { M: 8 * 66000, N: 4, K: 1, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) test(`product: ${name}`, () => check(change));

const sizes = fc.integer({ min: 1, max: 40 });
const few = fc.integer({ min: 1, max: 3 });
const flag = fc.integer({ min: 0, max: 1 });
const shapes = fc.record({
  ...{ BATCH: few, GROUPS: few, M: sizes, N: sizes, K: sizes, TRANSPOSE_A: flag, TRANSPOSE_B: flag },
  ...{ RESIDUAL: flag, SCALED: flag, GAMMA: fc.nat(2), ALPHA: fc.constantFrom(1, -0.25) },
});
test('product: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) => check({ ...k, K: k.TRANSPOSE_B ? padded(k.K) : k.K }, seed)),
    { numRuns: 12, seed: 7 },
  ));

test.run();
