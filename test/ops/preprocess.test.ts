import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { capacityFor, geometry, type PreprocessConfig, preprocessPresets } from '../../src/data/preprocess.ts';
import { open } from '../../src/gpu/session.ts';
import { input } from '../../src/graph/node.ts';
import { preprocess } from '../../src/graph/ops/preprocess.ts';
import { plan } from '../../src/graph/plan.ts';
import { resizeColumnsReference } from '../../src/kernels/resizeColumns.ts';
import { resizeRowsReference } from '../../src/kernels/resizeRows.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { evaluate } from '../harness/graph.ts';
import {
  assertLevels,
  configOf,
  filters,
  goldenCrop,
  goldenPhoto,
  noisePhoto,
  resizeGoldens,
} from '../harness/resize.ts';

const photoInput = (pixels: number) => input('photo', [pixels], 'u32', true);
const geometryInput = () => input('geometry', [16], 'u32');

function graph(config: PreprocessConfig, { pixels, rows }: { pixels: number; rows: number }) {
  return preprocess('x', photoInput(pixels), geometryInput(), { ...config, rows });
}

async function run(
  photo: Uint32Array,
  width: number,
  height: number,
  config: PreprocessConfig,
  crop?: { left: number; top: number; flip: boolean },
) {
  const x = graph(config, capacityFor(width, height, config));
  return (await evaluate({ x }, { photo, geometry: geometry(width, height, config, crop).words })).x!;
}

test('preprocess: as Pillow and torchvision', async () => {
  for (const golden of resizeGoldens)
    for (const filter of filters) {
      const { image, width, height, resize, size } = golden;
      const { data } = await run(goldenPhoto(golden), width, height, configOf(golden, filter));
      assertLevels(data, goldenCrop(golden, filter), filter, `${image} ${width}x${height} to ${resize}, crop ${size}`);
    }
});

const golden = resizeGoldens.find((g) => g.image === 'photo')!;

for (const [name, preset] of Object.entries(preprocessPresets)) {
  test(`preprocess: ${name}'s normalisation`, async () => {
    const { width, height } = golden;
    const config = { ...preset, resize: golden.resize, size: golden.size };
    const x = await run(goldenPhoto(golden), width, height, config);
    assert.equal(x.shape, [1, golden.size, golden.size, 3]);
    const grey = goldenCrop(golden, 'bilinear');
    x.data.forEach((value, i) => {
      const c = i % 3;
      const level = grey[i - c + (name === 'keras' ? 2 - c : c)]!;
      const expected =
        name === 'keras'
          ? level - [103.939, 116.779, 123.68][c]!
          : (level / 255 - [0.485, 0.456, 0.406][c]!) / [0.229, 0.224, 0.225][c]!;
      // Terms reach 255 (keras) and 255 / 255 / 0.224 (torchvision); 4 roundings.
      const allowed = 4 * 2 ** -24 * (name === 'keras' ? 255 + 124 : 4.5 + 2.2);
      assert.ok(Math.abs(value - expected) <= allowed, `x[${i}] got ${value}, expected ${expected} within ${allowed}`);
    });
  });
}

test('preprocess: mirrored', async () => {
  const { width, height, size } = golden;
  const config = configOf(golden, 'bilinear');
  const { left, top } = geometry(width, height, config);
  const plain = await run(goldenPhoto(golden), width, height, config, { left, top, flip: false });
  const mirrored = await run(goldenPhoto(golden), width, height, config, { left, top, flip: true });
  const expected = plain.data.map((_, i) => {
    const column = Math.floor(i / 3) % size;
    return plain.data[i + 3 * (size - 1 - 2 * column)]!;
  });
  assert.equal(mirrored.data, expected);
  assert.not.equal(mirrored.data, plain.data);
});

test('preprocess: a random crop with zero padding is the central one, moved', async () => {
  const { width, height, size } = golden;
  const config = configOf(golden, 'bilinear');
  const { left, top } = geometry(width, height, config);
  const central = await run(goldenPhoto(golden), width, height, config);
  const right = size + 8; // of the padding's 8 columns on the right, and above 8 rows of it
  const moved = await run(
    goldenPhoto(golden),
    width,
    height,
    { ...config, size: right },
    { left: left - 8, top: top - 8, flip: false },
  );
  for (let row = 0; row < size; row++) {
    const from = ((row + 8) * right + 8) * 3;
    assert.equal(moved.data.slice(from, from + 3 * size), central.data.slice(row * size * 3, (row + 1) * size * 3));
  }
});

test('preprocess: one session serves photos of many sizes', async () => {
  const device = await testDevice();
  const config = { ...configOf(golden, 'bicubic'), resize: 27, size: 24 };
  const session = await open(device, plan({ x: graph(config, capacityFor(256, 256, config)) }, device.target));
  try {
    const sizes = [
      [200, 150],
      [1, 1],
      [40, 30],
      [3, 256],
      [256, 256],
    ] as const;
    const all = sizes.map(async ([width, height]) => {
      const photo = noisePhoto(width, height);
      const { x } = await session.run({ photo, geometry: geometry(width, height, config).words });
      return x!.data;
    });
    for (const [i, [width, height]] of sizes.entries()) {
      assert.equal(
        await all[i],
        (await run(noisePhoto(width, height), width, height, config)).data,
        `${width}x${height}`,
      );
    }
  } finally {
    session.close();
  }
});

test('preprocess: extreme aspect ratios', async () => {
  const sizes = [
    [1, 3000],
    [3000, 1],
    [2, 65000],
    [65000, 2],
  ] as const;
  for (const [width, height] of sizes) {
    const photo = noisePhoto(width, height);
    const config = { ...configOf(golden, 'bilinear'), resize: 256, size: 224 };
    const { words, rows } = geometry(width, height, config);
    const k = { PIXELS: width * height, ROWS: rows, SIZE: 224, CUBIC: 0, WORKGROUP: 64 };
    const plain = { BGR: 0, MULTIPLY_0: 1, MULTIPLY_1: 1, MULTIPLY_2: 1, ADD_0: 0, ADD_1: 0, ADD_2: 0 };
    const { y } = resizeRowsReference({ photo, geometry: words }, k);
    const { x } = resizeColumnsReference({ y: y!, geometry: words }, { ...k, ...plain });
    assertLevels((await run(photo, width, height, config)).data, x!, 'bilinear', `${width}x${height}`);
  }
});

test("preprocess: a photo as large as the default limits' binding", async () => {
  const device = await freshDevice({ defaultLimits: true });
  const config = { ...preprocessPresets.keras, mean: [0, 0, 0] as const };
  const [width, height] = [8192, 4096];
  const capacity = capacityFor(width, height, config, device.target);
  assert.is(capacity.pixels, width * height);
  const session = await open(device, plan({ x: graph(config, capacity) }, device.target));
  const photo = new Uint32Array(width * height).fill(0xff30_2010);
  const { x } = await session.run({ photo, geometry: geometry(width, height, config).words });
  assert.ok(x!.data.every((v, i) => v === [0x30, 0x20, 0x10][i % 3]));
  session.close();
  device.gpu.destroy();
});

test('preprocess: refuses what cannot be right', () => {
  const config = { ...configOf(golden, 'bilinear'), rows: 256 };
  const photo = photoInput(64);
  const refused = (expected: RegExp, make: () => unknown) =>
    assert.throws(make, (e: Error) => expected.test(e.message));
  refused(/^x: type of photo, got f32, expected u32$/, () =>
    preprocess('x', input('photo', [64]), geometryInput(), config),
  );
  refused(/^x: words of geometry, got 15, expected 16$/, () => preprocess('x', photo, input('g', [15], 'u32'), config));
  refused(/^x: size, got 0, expected/, () => preprocess('x', photo, geometryInput(), { ...config, size: 0 }));
  refused(/^x: rows, got 2.5, expected/, () => preprocess('x', photo, geometryInput(), { ...config, rows: 2.5 }));
  refused(/std not 0/, () => preprocess('x', photo, geometryInput(), { ...config, std: [1, 0, 1] }));
});

test.run();
