import * as fc from 'fast-check';
import { test } from 'uvu';
import { type DotKnobs, dot, dotReference } from '../../src/kernels/dot.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: DotKnobs = { SIZE: 1000, COUNT: 16, FIRST: 0, WORKGROUP: 64 };

const cases: Record<string, Partial<DotKnobs>> = {
  control: {},
  'one vec4': { SIZE: 4, COUNT: 1 },
  'more parts than vec4': { SIZE: 12, COUNT: 70 },
  'behind the parts of another': { FIRST: 7 },
  'a grid folded into y': { SIZE: 4 * 66000, COUNT: 66000, WORKGROUP: 1 },
};
for (const [name, change] of Object.entries(cases)) {
  test(`dot: ${name}`, () => checkKernel(dot, dotReference, { ...base, ...change }));
}

const shapes = fc.record({
  ...{ quads: fc.integer({ min: 1, max: 300 }), COUNT: fc.integer({ min: 1, max: 80 }) },
  ...{ FIRST: fc.nat(9), WORKGROUP: fc.constantFrom(4, 64) },
});
test('dot: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), ({ quads, ...k }, seed) =>
      checkKernel(dot, dotReference, { ...k, SIZE: 4 * quads }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
