import * as fc from 'fast-check';
import { test } from 'uvu';
import { type Crop, geometry, type PreprocessConfig } from '../../src/data/preprocess.ts';
import { type ResizeRowsKnobs, resizeRows, resizeRowsReference } from '../../src/kernels/resizeRows.ts';
import { checkKernel, runKernel } from '../harness/kernel.ts';
import { assertLevels, filters, noisePhoto, unpack } from '../harness/resize.ts';

interface Case {
  width: number;
  height: number;
  config?: Partial<PreprocessConfig>;
  crop?: Crop;
  knobs?: Partial<ResizeRowsKnobs>;
}

const base = { resize: 20, size: 16, stretch: false, order: 'rgb', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;

async function check({ width, height, config, crop, knobs }: Case): Promise<void> {
  for (const filter of filters) {
    const full = { ...base, ...config, filter };
    const { words, rows } = geometry(width, height, full, crop);
    const k = { PIXELS: width * height, ROWS: rows, SIZE: full.size, WORKGROUP: 64, ...knobs };
    const all: ResizeRowsKnobs = { ...k, CUBIC: filter === 'bicubic' ? 1 : 0 };
    const inputs = { photo: noisePhoto(width, height), geometry: words };
    if (filter === 'bilinear') await checkKernel(resizeRows, resizeRowsReference, all, { inputs, exact: true });
    else {
      const { y } = await runKernel(resizeRows, all, inputs);
      assertLevels(unpack(y!), unpack(resizeRowsReference(inputs, all).y!), filter, `${width}x${height}`);
    }
  }
}

const cases: Record<string, Case> = {
  'control: shrinking': { width: 50, height: 37 },
  'nothing to resize': { width: 20, height: 20 },
  enlarging: { width: 7, height: 6 },
  'one pixel': { width: 1, height: 1 },
  'one column': { width: 1, height: 45 },
  'one row': { width: 45, height: 1 },
  'a strip': { width: 2, height: 3000 },
  'a wide strip': { width: 3000, height: 2 },
  'black on both sides': { width: 12, height: 30, config: { resize: 11 } },
  mirrored: { width: 33, height: 21, crop: { left: 3, top: 1, flip: true } },
  'a crop that begins outside, mirrored': { width: 33, height: 21, crop: { left: -5, top: -2, flip: true } },
  'a crop wholly outside': { width: 33, height: 21, crop: { left: 90, top: 90 } },
  'unequal scales': { width: 90, height: 11, config: { stretch: true } },
  'room to spare': { width: 50, height: 37, knobs: { PIXELS: 2000, ROWS: 43 } },
  'small workgroup': { width: 50, height: 37, knobs: { WORKGROUP: 16 } },
  'more than 65535 workgroups': { width: 40, height: 40, config: { size: 66 }, knobs: { WORKGROUP: 1, ROWS: 4000 } },
};
for (const [name, one] of Object.entries(cases)) test(`resizeRows: ${name}`, () => check(one));

const shapes = fc.record({
  ...{ width: fc.integer({ min: 1, max: 90 }), height: fc.integer({ min: 1, max: 60 }) },
  ...{ resize: fc.integer({ min: 1, max: 50 }), size: fc.integer({ min: 1, max: 20 }), stretch: fc.boolean() },
  crop: fc.record({
    left: fc.integer({ min: -9, max: 30 }),
    top: fc.integer({ min: -9, max: 30 }),
    flip: fc.boolean(),
  }),
});
test('resizeRows: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, ({ width, height, crop, ...config }) => check({ width, height, config, crop })),
    { numRuns: 12, seed: 7 },
  ));

test.run();
