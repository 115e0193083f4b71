// Every kernel that can store f16, with f16 at all bindings that may hold it, against its f64 reference.

import * as fc from 'fast-check';
import { test } from 'uvu';
import { attend, attendReference, residuals } from '../../src/kernels/attend.ts';
import { attendQuad } from '../../src/kernels/attendQuad.ts';
import { attentionMap, attentionMapReference } from '../../src/kernels/attentionMap.ts';
import { concat, concatReference } from '../../src/kernels/concat.ts';
import { conv2d, conv2dReference } from '../../src/kernels/conv2d.ts';
import { conv2dQuad, conv2dQuadKnobs, conv2dQuadReference } from '../../src/kernels/conv2dQuad.ts';
import { conv2dScalar } from '../../src/kernels/conv2dScalar.ts';
import { conv2dStem } from '../../src/kernels/conv2dStem.ts';
import { conv2dTiled } from '../../src/kernels/conv2dTiled.ts';
import { filtersLast, filtersLastReference } from '../../src/kernels/filtersLast.ts';
import { globalPool, globalPoolReference } from '../../src/kernels/globalPool.ts';
import { activations, type Kernel, type Reference } from '../../src/kernels/kernel.ts';
import { linear, linearReference } from '../../src/kernels/linear.ts';
import { matmul, matmulReference } from '../../src/kernels/matmul.ts';
import { matmulTiled } from '../../src/kernels/matmulTiled.ts';
import { maxPool, maxPoolReference } from '../../src/kernels/maxPool.ts';
import type { Knobs } from '../../src/kernels/shader.ts';
import { softmax, softmaxReference } from '../../src/kernels/softmax.ts';
import { sumSlices, sumSlicesReference } from '../../src/kernels/sumSlices.ts';
import { topPool, topPoolReference } from '../../src/kernels/topPool.ts';
import { unfoldRows, unfoldRowsReference } from '../../src/kernels/unfoldRows.ts';
import { winogradInput, winogradInputReference } from '../../src/kernels/winogradInput.ts';
import { winogradOutput, winogradOutputReference } from '../../src/kernels/winogradOutput.ts';
import { winogradProduct, winogradProductReference } from '../../src/kernels/winogradProduct.ts';
import { winogradWeights, winogradWeightsReference } from '../../src/kernels/winogradWeights.ts';
import { withHalf } from '../harness/half.ts';
import { checkKernel } from '../harness/kernel.ts';

const halves = (kernel: Kernel<never>) => kernel.shader.bindings.flatMap(({ name, half }) => (half ? [name] : []));

function check<K extends Knobs>(kernel: Kernel<K>, reference: Reference<K>, k: K, what = 'all f16'): void {
  const half = halves(kernel as unknown as Kernel<never>);
  test(`${kernel.name}: ${what}`, () => withHalf(() => checkKernel(kernel, reference, k, { half })));
}

const geometry = {
  ...{ N: 2, H: 9, W: 7, C: 8, K: 12, OH: 5, OW: 4, KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1, RESIDUAL: 1, ACTIVATION: activations.relu },
};
const knobs = { ...geometry, WORKGROUP: 64 };
const tile = { ROWS: 2, QUADS: 1, ROW_LANES: 4, COLUMN_LANES: 4 };
check(conv2d, conv2dReference, knobs);
check(conv2dQuad, conv2dQuadReference, conv2dQuadKnobs(knobs));
check(conv2dTiled, conv2dReference, geometry);
check(conv2dStem, conv2dReference, { ...geometry, C: 3, ...tile });
check(conv2dScalar, conv2dReference, { ...knobs, C: 3, K: 5 });
check(sumSlices, sumSlicesReference, { SLICES: 3, M: 5, K: 12, RESIDUAL: 1, ACTIVATION: 0, WORKGROUP: 64 });

const bindings = ['x', 'w', 'residual', 'y'];
for (const kernel of [conv2d, conv2dTiled] as Kernel<typeof knobs>[]) {
  test(`${kernel.name}: some bindings f16, the others f32`, () =>
    withHalf(() =>
      fc.assert(
        fc.asyncProperty(fc.subarray(bindings, { minLength: 1, maxLength: 3 }), fc.nat(), (half, seed) => {
          const { WORKGROUP, ...rest } = knobs;
          const k = (kernel === conv2d ? { ...rest, WORKGROUP } : rest) as typeof knobs;
          return checkKernel(kernel, conv2dReference, k, { half, seed });
        }),
        { numRuns: 4, seed: 1 },
      ),
    ));
}

const transform = { N: 1, OH: 7, OW: 9, WORKGROUP: 64 };
for (const TILE of [2, 4]) {
  const input = { ...transform, H: 7, W: 9, C: 8, PAD_H: 1, PAD_W: 1, TILE };
  check(winogradInput, winogradInputReference, input, `tiles of ${TILE}`);
  const output = { ...transform, K: 8, TILE, RESIDUAL: 1, ACTIVATION: activations.elu };
  const weights = { C: 8, K: 8, STEP_T: 64, STEP_C: 8, STEP_K: 1, TILE, PACKED: 1, WORKGROUP: 64 };
  check(winogradWeights, winogradWeightsReference, weights, `tiles of ${TILE}`);
  check(winogradOutput, winogradOutputReference, output, `tiles of ${TILE}`);
}

check(winogradProduct, winogradProductReference, { T: 2, TILES: 19, C: 12, K: 20, WORKGROUP: 64 });

const window = { KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1, WORKGROUP: 64 };
check(maxPool, maxPoolReference, { N: 1, H: 9, W: 7, C: 5, OH: 5, OW: 4, ...window });
check(globalPool, globalPoolReference, { N: 2, P: 49, C: 20, MAXIMUM: 0, CHANNELS: 16, SLICES: 4 });
check(topPool, topPoolReference, { N: 2, P: 49, C: 20, WORKGROUP: 16 });
check(linear, linearReference, { M: 2, K: 37, N: 21, ACTIVATION: activations.elu, COLUMNS: 4, SLICES: 4 });
check(filtersLast, filtersLastReference, { K: 13, C: 5, T: 3, STEP_T: 1, STEP_C: 3, STEP_K: 15, PACKED: 0 });
check(filtersLast, filtersLastReference, { K: 13, C: 8, T: 3, STEP_T: 1, STEP_C: 3, STEP_K: 24, PACKED: 1 }, 'packed');
const rows = {
  N: 1,
  H: 3,
  W: 5,
  C: 3,
  OW: 3,
  KW: 3,
  STRIDE_W: 2,
  PAD_H: 1,
  PAD_W: 1,
  DILATION_W: 1,
  TO: 12,
  WORKGROUP: 64,
};
check(unfoldRows, unfoldRowsReference, rows);
check(concat, concatReference, { ROWS: 5, C: 3, OFFSET: 2, TOTAL: 7, WORKGROUP: 64 });
check(softmax, softmaxReference, { OUTER: 6, SIZE: 37, INNER: 1, LOG: 0, LINES: 1, SLICES: 64 });
check(attentionMap, attentionMapReference, { N: 2, P: 9, ROW: 12, FIRST_ROWS: 20, SECOND_ROWS: 7, WORKGROUP: 16 });

const product = {
  ...{ BATCH: 2, GROUPS: 1, M: 19, N: 20, K: 12, TRANSPOSE_A: 0, TRANSPOSE_B: 1, ALPHA: 0.5, RESIDUAL: 1, GAMMA: 1 },
  ...{ A_ROW: 12, A_GROUP: 0, A_BATCH: 228, B_ROW: 12, B_GROUP: 0, B_BATCH: 240, Y_ROW: 20, Y_GROUP: 0, Y_BATCH: 380 },
  SCALED: 0,
  LOWEST: 0,
};
check(matmul, matmulReference, { ...product, WORKGROUP: 64 });
check(matmulTiled, matmulReference, product);

const attention = { N: 1, P: 21, S: 37, R: 8, D: 20, SCALE: 0.35, RESIDUAL: residuals.x, GAMMA: 1 };
check(attend, attendReference, { ...attention, WORKGROUP: 16 });
check(attendQuad, attendReference, { ...attention, TILE: 16 });

test.run();
