import * as fc from 'fast-check';
import { test } from 'uvu';
import { type ActivationKnobs, activation, activationReference } from '../../src/kernels/activation.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

const base: ActivationKnobs = { SIZE: 256, ACTIVATION: activations.none, WORKGROUP: 64 };

for (const [name, ACTIVATION] of Object.entries(activations)) {
  const k = { ...base, ACTIVATION };
  test(`activation: ${name}`, () => checkKernel(activation, activationReference, k));

  test(`activation: ${name}, from the smallest to large values`, () => {
    const x = randomValues(k.SIZE, 3).map((v, i) => v * 10 ** ((i % 12) - 10)); // up to 10: exp(x) - 1 is not yet -1
    return checkKernel(activation, activationReference, k, { inputs: { x } });
  });

  test(`activation: ${name}, 0, -inf and the largest floats`, () => {
    const x = Float32Array.of(0, -1e4, 1e4, -3.4e38, 3.4e38, Number.NEGATIVE_INFINITY);
    return checkKernel(activation, activationReference, { ...k, SIZE: x.length }, { inputs: { x } });
  });
}

test('activation: a grid folded into y', () =>
  checkKernel(activation, activationReference, { SIZE: 70001, ACTIVATION: activations.relu, WORKGROUP: 1 }));

test('activation: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(), (SIZE, seed) =>
      checkKernel(activation, activationReference, { ...base, SIZE, ACTIVATION: seed % 3 }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
