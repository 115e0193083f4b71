import * as fc from 'fast-check';
import { test } from 'uvu';
import { type AddKnobs, add, addReference } from '../../src/kernels/add.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: AddKnobs = { SIZE: 256, ACTIVATION: activations.none, WORKGROUP: 64 };

const cases: Record<string, Partial<AddKnobs>> = {
  control: {},
  'one element': { SIZE: 1 },
  relu: { SIZE: 131, ACTIVATION: activations.relu },
  elu: { SIZE: 131, ACTIVATION: activations.elu },
  'a grid folded into y': { SIZE: 70001, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`add: ${name}`, () => checkKernel(add, addReference, { ...base, ...change }));
}

test('add: random sizes', () =>
  fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(), (SIZE, seed) =>
      checkKernel(add, addReference, { ...base, SIZE, ACTIVATION: seed % 3 }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
