import * as fc from 'fast-check';
import { test } from 'uvu';
import { type BatchNormKnobs, batchNorm, batchNormReference } from '../../src/kernels/batchNorm.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: BatchNormKnobs = { ROWS: 6, C: 20, EPS: 1e-5, ACTIVATION: activations.none, WORKGROUP: 64 };

/** Variances in [0.5, 1): with the rest in [-1, 1) no term passes 5, as the tolerance says. */
const check = (k: BatchNormKnobs, seed = 1) => {
  const variance = randomValues(k.C, seed, 0.25).map((v) => v + 0.75);
  return checkKernel(batchNorm, batchNormReference, k, { inputs: { variance }, seed });
};

const cases: Record<string, Partial<BatchNormKnobs>> = {
  control: {},
  'one element': { ROWS: 1, C: 1 },
  'one row, odd channels': { ROWS: 1, C: 67 },
  'one channel': { ROWS: 131, C: 1 },
  relu: { ACTIVATION: activations.relu },
  elu: { ACTIVATION: activations.elu },
  'a large eps': { EPS: 2 },
  'a grid folded into y': { ROWS: 10000, C: 7, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) test(`batchNorm: ${name}`, () => check({ ...base, ...change }));

test('batchNorm: without variance, eps alone divides', () => {
  const k = { ...base, EPS: 1e-3 };
  const x = randomValues(k.ROWS * k.C, 1, 0.03);
  const mean = randomValues(k.C, 2, 0.03);
  return checkKernel(batchNorm, batchNormReference, k, { inputs: { x, mean, variance: new Float32Array(k.C) } });
});

const shapes = fc.record({
  ...{ ROWS: fc.integer({ min: 1, max: 30 }), C: fc.integer({ min: 1, max: 40 }) },
  ...{ ACTIVATION: fc.integer({ min: 0, max: 2 }), EPS: fc.constantFrom(1e-3, 1e-5, 1e-7) },
});
test('batchNorm: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (shape, seed) => check({ ...base, ...shape }, seed)),
    { numRuns: 10, seed: 7 },
  ));

test.run();
