import * as fc from 'fast-check';
import { test } from 'uvu';
import { type AttendShape, attend, attendReference, residuals } from '../../src/kernels/attend.ts';
import { attendQuad } from '../../src/kernels/attendQuad.ts';
import { checkKernel, type KernelCase } from '../harness/kernel.ts';

const base: AttendShape = { N: 1, P: 21, S: 37, R: 8, D: 20, SCALE: 0.35, RESIDUAL: residuals.none, GAMMA: 0 };

const kernels = {
  attend: (k: AttendShape, size: number, options: KernelCase = {}) =>
    checkKernel(attend, attendReference, { ...k, WORKGROUP: size }, options),
  attendQuad: (k: AttendShape, size: number, options: KernelCase = {}) =>
    checkKernel(attendQuad, attendReference, { ...k, TILE: size }, options),
};

const cases: Record<string, Partial<AttendShape>> = {
  control: {},
  'one position each': { P: 1, S: 1 },
  'one channel quad': { R: 4, D: 4 },
  'a batch': { N: 3 },
  'added to x': { RESIDUAL: residuals.x, GAMMA: 2 },
  'more channels than a workgroup': { D: 148 },
  'negative scale': { SCALE: -1 },
};
for (const [kernel, check] of Object.entries(kernels)) {
  for (const [name, change] of Object.entries(cases)) {
    test(`${kernel}: ${name}`, () => check({ ...base, ...change }, 16));
  }

  test(`${kernel}: one tile`, () => check(base, 48));

  test(`${kernel}: scores of +-1e4, one position alone or several as one`, () => {
    const k = { ...base, R: 4, S: 40, D: 4, SCALE: 1 };
    const query = Float32Array.from(
      { length: k.P * 4 },
      (_, i) => [100, -100, 50, 0][(i >> 2) % 4]! * Number(i % 4 === 0),
    );
    const key = Float32Array.from(
      { length: k.S * 4 },
      (_, i) => [100, 100, -100, 25, 99][(i >> 2) % 5]! * Number(i % 4 === 0),
    );
    return check(k, 16, { inputs: { query, key } });
  });

  test(`${kernel}: all zeros give the mean`, () => {
    const zeros = { query: new Float32Array(base.P * base.R), key: new Float32Array(base.S * base.R) };
    return check(base, 16, { inputs: zeros });
  });

  const shapes = fc.record({
    ...{ N: fc.integer({ min: 1, max: 2 }), P: fc.integer({ min: 1, max: 40 }), S: fc.integer({ min: 1, max: 90 }) },
    ...{ R: fc.integer({ min: 1, max: 5 }), D: fc.integer({ min: 1, max: 20 }), SCALE: fc.constantFrom(1, -0.5) },
    ...{ RESIDUAL: fc.constantFrom(residuals.none, residuals.x), GAMMA: fc.integer({ min: 0, max: 2 }) },
  });
  test(`${kernel}: random shapes`, () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.constantFrom(16, 32, 128), fc.nat(), (k, size, seed) =>
        check({ ...k, R: 4 * k.R, D: 4 * k.D }, size, { seed }),
      ),
      { numRuns: 6, seed: 7 },
    ));
}

test('attendQuad: a grid folded into y', () => kernels.attendQuad({ ...base, N: 66000, P: 1, S: 1, R: 4, D: 4 }, 16));

test.run();
