// Every kernel of training that can read or write f16, with f16 at all bindings that may hold it, against its f64 reference.

import { test } from 'uvu';
import { narrowF16, widenF16 } from '../../src/formats/float16.ts';
import { activationGradient, activationGradientReference } from '../../src/kernels/activationGradient.ts';
import { batchNormGradient, batchNormGradientReference } from '../../src/kernels/batchNormGradient.ts';
import { batchNormSums, batchNormSumsReference } from '../../src/kernels/batchNormSums.ts';
import { batchNormTraining, batchNormTrainingReference } from '../../src/kernels/batchNormTraining.ts';
import { batchStatistics, batchStatisticsReference } from '../../src/kernels/batchStatistics.ts';
import { conv2dWeightGradient, conv2dWeightGradientReference } from '../../src/kernels/conv2dWeightGradient.ts';
import { conv2dWeightGradientQuad } from '../../src/kernels/conv2dWeightGradientQuad.ts';
import {
  conv2dWeightGradientScalar,
  conv2dWeightGradientScalarReference,
} from '../../src/kernels/conv2dWeightGradientScalar.ts';
import { conv2dWeightGradientTiled } from '../../src/kernels/conv2dWeightGradientTiled.ts';
import { globalPoolReference } from '../../src/kernels/globalPool.ts';
import { globalPoolGradient, globalPoolGradientReference } from '../../src/kernels/globalPoolGradient.ts';
import { activations, type Kernel, type Reference } from '../../src/kernels/kernel.ts';
import { maxPoolIndices, maxPoolIndicesReference } from '../../src/kernels/maxPoolIndices.ts';
import type { Knobs } from '../../src/kernels/shader.ts';
import { topPoolGradient, topPoolGradientReference } from '../../src/kernels/topPoolGradient.ts';
import { withHalf } from '../harness/half.ts';
import { checkKernel, type KernelCase } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

function check<K extends Knobs>(kernel: Kernel<K>, reference: Reference<K>, k: K, more: KernelCase = {}): void {
  const half = kernel.shader.bindings.flatMap((binding) => (binding.half ? [binding.name] : []));
  test(`${kernel.name}: all f16`, () => withHalf(() => checkKernel(kernel, reference, k, { ...more, half })));
}

const [ROWS, C] = [48, 64];
const slices = { ROWS, C, SLICE: 16, COLUMNS: 16, LANES: 1, RAGGED: 0 };
const rows = { ROWS, C, EPS: 1e-5, ACTIVATION: activations.elu, RAGGED: 0, EACH: 4, WORKGROUP: 64 };
// Variances in [0.5, 1), sums of up to a value a row, as the tolerances say.
const statistics = randomValues(2 * C, 1).map((v, i) => (i < C ? v : 0.75 + v / 4));
const sums = randomValues(2 * C, 9, ROWS);
check(batchStatistics, batchStatisticsReference, slices);
check(batchStatistics, batchStatisticsReference, { ...slices, C: 67, RAGGED: 1 });
check(batchNormTraining, batchNormTrainingReference, { ...rows, RESIDUAL: 1 }, { inputs: { statistics } });
check(
  batchNormSums,
  batchNormSumsReference,
  { ...slices, EPS: 1e-5, ACTIVATION: activations.elu },
  { inputs: { statistics } },
);
check(batchNormGradient, batchNormGradientReference, rows, { inputs: { statistics, sums } });
check(activationGradient, activationGradientReference, {
  ...{ QUADS: 57, ACTIVATION: activations.elu, SUM: 1, EACH: 4, WORKGROUP: 64 },
});

const window = { N: 1, H: 9, W: 7, C: 8, KH: 3, KW: 3, STRIDE_H: 2, STRIDE_W: 2, PAD_H: 1, PAD_W: 1, OH: 5, OW: 4 };
check(maxPoolIndices, maxPoolIndicesReference, { ...window, WORKGROUP: 64 }, { exact: true });

const pool = { N: 2, P: 49, C: 20, MAXIMUM: 1, WORKGROUP: 64 };
const x = widenF16(narrowF16(randomValues(pool.N * pool.P * pool.C, 3)));
const y = Float32Array.from(globalPoolReference({ x }, { ...pool, CHANNELS: 1, SLICES: 1 }).y!);
check(globalPoolGradient, globalPoolGradientReference, pool, { inputs: { x, y } });
check(topPoolGradient, topPoolGradientReference, { N: 2, P: 49, C: 20, WORKGROUP: 16 });

const geometry = { ...window, K: 12, DILATION_H: 1, DILATION_W: 1 };
const sliced = { ...geometry, FILTER_C: 8, SLICES: 2 };
check(conv2dWeightGradient, conv2dWeightGradientReference, { ...sliced, WORKGROUP: 64 });
check(conv2dWeightGradientQuad, conv2dWeightGradientReference, { ...sliced, WORKGROUP: 64 });
check(conv2dWeightGradientTiled, conv2dWeightGradientReference, sliced);
check(conv2dWeightGradientScalar, conv2dWeightGradientScalarReference, { ...geometry, K: 5, WORKGROUP: 64 });

test.run();
