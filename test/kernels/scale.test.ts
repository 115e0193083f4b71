import * as fc from 'fast-check';
import { test } from 'uvu';
import { type ScaleKnobs, scale, scaleReference } from '../../src/kernels/scale.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: ScaleKnobs = { SIZE: 500, GAMMA: 0, WORKGROUP: 64 };

test('scale: control', () => checkKernel(scale, scaleReference, base));
test('scale: one vec4, by the third of three', () =>
  checkKernel(scale, scaleReference, { ...base, SIZE: 4, GAMMA: 2 }));
test('scale: by 0', () => checkKernel(scale, scaleReference, base, { inputs: { gamma: new Float32Array(1) } }));
test('scale: a grid folded into y', () =>
  checkKernel(scale, scaleReference, { ...base, SIZE: 4 * 66000, WORKGROUP: 1 }));

const shapes = fc.record({
  quads: fc.integer({ min: 1, max: 300 }),
  GAMMA: fc.nat(3),
  WORKGROUP: fc.constantFrom(4, 64),
});
test('scale: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), ({ quads, ...k }, seed) =>
      checkKernel(scale, scaleReference, { ...k, SIZE: 4 * quads }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
