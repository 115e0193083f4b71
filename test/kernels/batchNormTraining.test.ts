import * as fc from 'fast-check';
import { test } from 'uvu';
import {
  type BatchNormTrainingKnobs,
  batchNormTraining,
  batchNormTrainingReference,
} from '../../src/kernels/batchNormTraining.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: BatchNormTrainingKnobs = {
  ...{ ROWS: 16, C: 64, EPS: 1e-5, ACTIVATION: activations.none, RESIDUAL: 0, RAGGED: 0, EACH: 4, WORKGROUP: 64 },
};

/** Variances in [0.5, 1): with the rest in [-1, 1) no term passes 6, as the tolerance says. */
const check = (k: BatchNormTrainingKnobs, seed = 1) => {
  const statistics = randomValues(2 * k.C, seed).map((v, i) => (i < k.C ? v : 0.75 + v / 4));
  return checkKernel(batchNormTraining, batchNormTrainingReference, k, { inputs: { statistics }, seed });
};

const cases: Record<string, Partial<BatchNormTrainingKnobs>> = {
  control: {},
  relu: { ACTIVATION: activations.relu },
  elu: { ACTIVATION: activations.elu },
  'residual and relu': { RESIDUAL: 1, ACTIVATION: activations.relu },
  'one row': { ROWS: 1 },
  'one quad': { ROWS: 1, C: 4 },
  'a last invocation of one row': { ROWS: 5, C: 12 },
  'one row an invocation': { EACH: 1 },
  'one element': { ROWS: 1, C: 1, RAGGED: 1 },
  'fewer elements than a quad': { ROWS: 1, C: 3, RAGGED: 1 },
  'ragged channels, residual': { ROWS: 7, C: 67, RAGGED: 1, RESIDUAL: 1 },
  'one channel': { ROWS: 131, C: 1, RAGGED: 1 },
  'the ragged way with whole quads': { RAGGED: 1 },
  'a large eps': { EPS: 2 },
  'a grid folded into y': { ROWS: 70001, C: 4, EACH: 1, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`batchNormTraining: ${name}`, () => check({ ...base, ...change }));
}

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 30 }), C: fc.integer({ min: 1, max: 40 }), EPS: fc.constantFrom(1e-3, 1e-5) },
  ...{ ACTIVATION: fc.integer({ min: 0, max: 2 }), RESIDUAL: fc.integer({ min: 0, max: 1 }) },
  ...{ EACH: fc.constantFrom(1, 3, 4) },
});
test('batchNormTraining: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (shape, seed) =>
      check({ ...base, ...shape, RAGGED: Number(shape.C % 4 > 0) }, seed),
    ),
    { numRuns: 15, seed: 7 },
  ));

test.run();
