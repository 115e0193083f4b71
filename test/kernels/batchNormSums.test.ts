import * as fc from 'fast-check';
import { test } from 'uvu';
import { type BatchNormSumsKnobs, batchNormSums, batchNormSumsReference } from '../../src/kernels/batchNormSums.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: BatchNormSumsKnobs = {
  ...{ ROWS: 48, C: 64, SLICE: 16, COLUMNS: 16, LANES: 1, RAGGED: 0 },
  ...{ EPS: 1e-5, ACTIVATION: activations.none },
};

/** Variances in [0.5, 1), as the tolerance says. */
const check = (k: BatchNormSumsKnobs, seed = 1) => {
  const statistics = randomValues(2 * k.C, seed).map((v, i) => (i < k.C ? v : 0.75 + v / 4));
  return checkKernel(batchNormSums, batchNormSumsReference, k, { inputs: { statistics }, seed });
};

const cases: Record<string, Partial<BatchNormSumsKnobs>> = {
  control: {},
  relu: { ACTIVATION: activations.relu },
  elu: { ACTIVATION: activations.elu },
  'one row': { ROWS: 1 },
  'one quad of channels': { C: 4 },
  'a last slice of one row': { ROWS: 33 },
  'a last workgroup of one quad': { C: 68 },
  'one slice for all': { SLICE: 1000 },
  'one element': { ROWS: 1, C: 1, RAGGED: 1 },
  'ragged channels, relu': { C: 67, RAGGED: 1, ACTIVATION: activations.relu },
  'a large eps': { EPS: 2 },
};
for (const LANES of [1, 16]) {
  for (const [name, change] of Object.entries(cases)) {
    test(`batchNormSums: ${name}, ${LANES} lanes`, () => check({ ...base, ...change, LANES }));
  }
}

test('batchNormSums: a grid folded into y', () => check({ ...base, ROWS: 70000, C: 4, SLICE: 1, COLUMNS: 1 }));

test('batchNormSums: where ReLU gave 0 nothing is added', () => {
  const k = { ...base, ACTIVATION: activations.relu };
  const y = randomValues(k.ROWS * k.C, 2).map((v) => Math.max(v, 0));
  return checkKernel(batchNormSums, batchNormSumsReference, k, {
    inputs: { y, statistics: new Float32Array(2 * k.C).fill(0.5) },
  });
});

const shapes = fc.record({
  ...{
    ROWS: fc.integer({ min: 1, max: 60 }),
    C: fc.integer({ min: 1, max: 90 }),
    SLICE: fc.integer({ min: 1, max: 70 }),
  },
  ...{
    COLUMNS: fc.constantFrom(1, 4, 16),
    LANES: fc.constantFrom(1, 2, 5),
    ACTIVATION: fc.integer({ min: 0, max: 2 }),
  },
});
test('batchNormSums: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (shape, seed) =>
      check({ ...base, ...shape, RAGGED: Number(shape.C % 4 > 0) }, seed),
    ),
    { numRuns: 15, seed: 7 },
  ));

test.run();
