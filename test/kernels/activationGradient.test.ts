import * as fc from 'fast-check';
import { test } from 'uvu';
import {
  type ActivationGradientKnobs,
  activationGradient,
  activationGradientReference,
} from '../../src/kernels/activationGradient.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: ActivationGradientKnobs = { QUADS: 256, ACTIVATION: activations.relu, SUM: 0, EACH: 4, WORKGROUP: 64 };
const check = (k: ActivationGradientKnobs, inputs = {}, seed = 1) =>
  checkKernel(activationGradient, activationGradientReference, k, { inputs, seed });

const cases: Record<string, Partial<ActivationGradientKnobs>> = {
  control: {},
  elu: { ACTIVATION: activations.elu },
  none: { ACTIVATION: activations.none },
  'a sum': { SUM: 1 },
  'a sum, elu': { SUM: 1, ACTIVATION: activations.elu, QUADS: 133 },
  'one quad': { QUADS: 1 },
  'a last invocation of one quad': { QUADS: 133 },
  'one quad an invocation': { QUADS: 133, EACH: 1 },
  'a grid folded into y': { QUADS: 70001, EACH: 1, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`activationGradient: ${name}`, () => check({ ...base, ...change }));
}

test('activationGradient: at 0 that of ReLU is 0 and that of ELU is 1', async () => {
  const y = Float32Array.of(0, -0, 1e-30, -1);
  const dy = Float32Array.of(3, 3, 3, 3);
  for (const ACTIVATION of [activations.relu, activations.elu]) {
    await check({ ...base, QUADS: 1, ACTIVATION }, { y, dy });
  }
});

test('activationGradient: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.nat(), (QUADS, seed) =>
      check({ ...base, QUADS, ACTIVATION: seed % 3, SUM: seed % 2, EACH: 1 + (seed % 4) }, {}, seed),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
