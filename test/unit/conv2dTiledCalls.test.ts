import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Temporary } from '../../src/graph/node.ts';
import { type GpuFamily, tiledCalls, tiledChoices, tiledOccupancy } from '../../src/graph/ops/conv2dTiledCalls.ts';
import { outputSize } from '../../src/kernels/conv2d.ts';
import { stemBytes } from '../../src/kernels/conv2dStem.ts';

function layer(size: number, C: number, K: number, window: number, stride = 1) {
  const PAD = window >> 1;
  const O = outputSize(size, window, stride, PAD);
  return {
    ...{ N: 1, H: size, W: size, C, K, OH: O, OW: O, KH: window, KW: window, STRIDE_H: stride, STRIDE_W: stride },
    ...{ PAD_H: PAD, PAD_W: PAD, DILATION_H: 1, DILATION_W: 1 },
  };
}

const resnet50 = {
  '3x3 56x56 64 -> 64': layer(56, 64, 64, 3),
  '3x3 14x14 256 -> 256': layer(14, 256, 256, 3),
  '3x3 28x28 256 -> 256, stride 2': layer(28, 256, 256, 3, 2),
  '3x3 7x7 512 -> 512': layer(7, 512, 512, 3),
  '1x1 56x56 64 -> 256': layer(56, 64, 256, 1),
  '1x1 14x14 1024 -> 256': layer(14, 1024, 256, 1),
  '1x1 7x7 512 -> 2048': layer(7, 512, 2048, 1),
  '7x7 224x224 3 -> 64, stride 2': layer(224, 3, 64, 7, 2),
};

for (const [name, geometry] of Object.entries(resnet50)) {
  test(`first choice on a discrete GPU: ${name}`, () => {
    const choice = tiledChoices(geometry, 'discrete')[0]!;
    const { waves, useful } = tiledOccupancy(geometry, choice);
    assert.ok(waves >= 192, `${waves} waves`);
    assert.ok(useful >= 0.9 && useful <= 1, `${useful} of the multiply-adds are useful`);
    const { ROWS, QUADS } = choice.tile;
    assert.ok(4 / ROWS + 1 / QUADS <= 1, 'bytes of workgroup memory a multiply-add');
  });
}

const families: GpuFamily[] = ['discrete', 'integrated', 'apple'];
test('every choice fits the default limits, is given once, and its calls ask for what their buffers hold', () => {
  const shapes = [...Object.values(resnet50), layer(1, 4, 4, 1), layer(3, 5, 8, 3), layer(30, 12, 1000, 5, 3)];
  for (const family of families) {
    for (const geometry of shapes) {
      const choices = tiledChoices(geometry, family);
      assert.ok(choices.length > 0);
      assert.is(new Set(choices.map((choice) => choice.name)).size, choices.length);
      for (const choice of choices) {
        const { ROW_LANES, COLUMN_LANES, ROWS, QUADS } = choice.tile;
        assert.ok(ROW_LANES * COLUMN_LANES <= 256);
        const quads = 2 * ROWS * ROW_LANES + 8 * QUADS * COLUMN_LANES;
        assert.ok(choice.kernel === 'stem' || 16 * quads <= 16384);
        checkCalls(geometry, choice);
      }
    }
  }
});

function checkCalls(geometry: ReturnType<typeof layer>, choice: Parameters<typeof tiledCalls>[3]) {
  const { N, H, W, C, K, OH, OW, KH, KW } = geometry;
  const sizes = {
    x: N * H * W * C,
    w: KH * KW * C * K,
    scale: K,
    shift: K,
    residual: N * OH * OW * K,
    y: N * OH * OW * K,
  };
  const buffers = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, input(name, [size])]));
  const calls = tiledCalls('conv', { ...geometry, RESIDUAL: 1, ACTIVATION: 1 }, buffers, choice);
  assert.is(calls.length, choice.slices > 1 ? 2 : 1);
  for (const { kernel, knobs, buffers: bound } of calls) {
    assert.ok(kernel.grid(knobs).every((groups) => groups >= 1 && groups <= 65535));
    for (const [binding, elements] of Object.entries(kernel.elements(knobs))) {
      const value = bound[binding];
      assert.is(
        elements,
        value ? ('shape' in value ? value.shape[0] : value.elements) : 0,
        `${kernel.name}.${binding}`,
      );
    }
  }
  const [first, second] = calls;
  if (second) assert.is(first!.buffers.y, second.buffers.sums as Temporary);
}

test("the stem's tiles count as the shader has them: in whole loads of all lanes", () => {
  const geometry = layer(30, 9, 64, 6);
  // 621 floats of x in 10 loads of 64 lanes, 864 quads of weights in 14.
  assert.is(stemBytes(geometry, { ROWS: 8, QUADS: 2, ROW_LANES: 8, COLUMN_LANES: 8 }), 64 * (4 * 10 + 16 * 14));
  for (const family of families) {
    const names = tiledChoices(geometry, family).map(({ name }) => name);
    assert.ok(names.length > 0);
    assert.not(names.includes('stem 8x8 lanes 8x8 slices 1'), 'does not fit 16 KiB');
  }
});

test('channels that neither kernel takes have no choice', () => {
  assert.equal(tiledChoices(layer(14, 253, 256, 3), 'discrete'), []);
});

test.run();
