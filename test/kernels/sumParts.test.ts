import * as fc from 'fast-check';
import { test } from 'uvu';
import { type SumPartsKnobs, sumParts, sumPartsReference } from '../../src/kernels/sumParts.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: SumPartsKnobs = { COUNT: 300, LENGTH: 3, INDEX: 1, WORKGROUP: 64 };

const cases: Record<string, Partial<SumPartsKnobs>> = {
  control: {},
  'one part': { COUNT: 1, LENGTH: 1, INDEX: 0 },
  'as many parts as GPUs make for two senders': { COUNT: 2 * 16384 },
  'the last of many': { LENGTH: 100, INDEX: 99 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`sumParts: ${name}`, () => checkKernel(sumParts, sumPartsReference, { ...base, ...change }));
}

const shapes = fc.record({
  ...{ COUNT: fc.integer({ min: 1, max: 999 }), INDEX: fc.nat(4), after: fc.integer({ min: 1, max: 5 }) },
  WORKGROUP: fc.constantFrom(1, 4, 64),
});
test('sumParts: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), ({ after, ...k }, seed) =>
      checkKernel(sumParts, sumPartsReference, { ...k, LENGTH: k.INDEX + after }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
