import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Crop, geometry, type PreprocessConfig } from '../../src/data/preprocess.ts';
import { type ResizeColumnsKnobs, resizeColumns, resizeColumnsReference } from '../../src/kernels/resizeColumns.ts';
import { runKernel } from '../harness/kernel.ts';
import { assertLevels, filters, noisePhoto } from '../harness/resize.ts';

interface Case {
  width: number;
  height: number;
  config?: Partial<PreprocessConfig>;
  crop?: Crop;
  knobs?: Partial<ResizeColumnsKnobs>;
}

const base = { resize: 20, size: 16, stretch: false, order: 'rgb', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;
const identity = { MULTIPLY_0: 1, MULTIPLY_1: 1, MULTIPLY_2: 1, ADD_0: 0, ADD_1: 0, ADD_2: 0 };

/** Runs kernel and reference on rows of noise; the results are grey levels unless the knobs normalise them. */
async function both(filter: 'bilinear' | 'bicubic', { width, height, config, crop, knobs }: Case) {
  const full = { ...base, ...config, filter };
  const { words, rows } = geometry(width, height, full, crop);
  const k = {
    ROWS: rows,
    SIZE: full.size,
    CUBIC: filter === 'bicubic' ? 1 : 0,
    BGR: 0,
    ...identity,
    WORKGROUP: 64,
    ...knobs,
  };
  const inputs = { y: noisePhoto(full.size, k.ROWS), geometry: words };
  const { x } = await runKernel(resizeColumns, k, inputs);
  return { got: new Float32Array(x!.buffer, x!.byteOffset, x!.length), want: resizeColumnsReference(inputs, k).x! };
}

async function check(one: Case): Promise<void> {
  for (const filter of filters) {
    const { got, want } = await both(filter, one);
    assertLevels(got, want, filter, JSON.stringify(one));
  }
}

const cases: Record<string, Case> = {
  'control: shrinking': { width: 37, height: 50 },
  'nothing to resize': { width: 20, height: 20 },
  enlarging: { width: 6, height: 7 },
  'one row': { width: 45, height: 1 },
  'one column': { width: 1, height: 45 },
  'a strip': { width: 2, height: 3000 },
  'a very tall photo, squeezed': { width: 1, height: 30000, config: { stretch: true } },
  'black above and below': { width: 30, height: 12, config: { resize: 11 } },
  'a crop that begins outside': { width: 33, height: 21, crop: { left: 0, top: -3 } },
  'a crop wholly outside': { width: 33, height: 21, crop: { left: 0, top: 90 } },
  'mirroring is the other pass': { width: 33, height: 21, crop: { left: 0, top: 2, flip: true } },
  'room to spare': { width: 24, height: 23, knobs: { ROWS: 39 } },
  'blue first': { width: 37, height: 50, knobs: { BGR: 1 } },
  'small workgroup': { width: 37, height: 50, knobs: { WORKGROUP: 16 } },
  'more than 65535 workgroups': { width: 9, height: 9, config: { size: 257 }, knobs: { WORKGROUP: 1 } },
};
for (const [name, one] of Object.entries(cases)) test(`resizeColumns: ${name}`, () => check(one));

test('resizeColumns: normalised', async () => {
  const multiply = [0.0171, 0.0175, -0.3];
  const add = [-2.1179, 123.68, 0];
  const knobs = {
    MULTIPLY_0: 0.0171,
    MULTIPLY_1: 0.0175,
    MULTIPLY_2: -0.3,
    ADD_0: -2.1179,
    ADD_1: 123.68,
    ADD_2: 0,
    BGR: 1,
  };
  const { got, want } = await both('bilinear', { width: 37, height: 50, knobs });
  want.forEach((value, i) => {
    // Rounded: both constants, the product and the sum; 255 is the largest grey level.
    const allowed = 4 * 2 ** -24 * (255 * Math.abs(multiply[i % 3]!) + Math.abs(add[i % 3]!));
    assert.ok(Math.abs(got[i]! - value) <= allowed, `x[${i}] got ${got[i]}, expected ${value} within ${allowed}`);
  });
});

const shapes = fc.record({
  ...{ width: fc.integer({ min: 1, max: 60 }), height: fc.integer({ min: 1, max: 90 }) },
  ...{ resize: fc.integer({ min: 1, max: 50 }), size: fc.integer({ min: 1, max: 20 }), stretch: fc.boolean() },
  crop: fc.record({ left: fc.integer({ min: -9, max: 30 }), top: fc.integer({ min: -9, max: 30 }) }),
});
test('resizeColumns: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, ({ width, height, crop, ...config }) => check({ width, height, config, crop })),
    { numRuns: 12, seed: 7 },
  ));

test.run();
