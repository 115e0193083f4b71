import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '../../src/gpu/session.ts';
import { input, type Node, type Op } from '../../src/graph/node.ts';
import { conv2dForms } from '../../src/graph/ops/conv2dForms.ts';
import { type ConvolutionBuffers, winogradCalls, winogradFits } from '../../src/graph/ops/conv2dWinogradCalls.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget, type Target } from '../../src/graph/target.ts';
import { type Conv2dKnobs, conv2dReference } from '../../src/kernels/conv2d.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { type Tile, winogradMatrices } from '../../src/kernels/winograd.ts';
import { testDevice } from '../harness/device.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { bounds } from '../harness/tolerance.ts';

const base: Conv2dKnobs = {
  ...{ N: 2, H: 7, W: 10, C: 8, K: 12, OH: 7, OW: 10, KH: 3, KW: 3, STRIDE_H: 1, STRIDE_W: 1, PAD_H: 1, PAD_W: 1 },
  ...{ DILATION_H: 1, DILATION_W: 1, RESIDUAL: 1, ACTIVATION: activations.relu, WORKGROUP: 64 },
};
const targets: Record<string, Partial<Target>> = {
  software: { family: 'software' },
  'software without subgroups': { family: 'software', subgroups: false },
  discrete: { family: 'discrete' },
};
const software = defaultTarget();
const small = { N: 1, H: 3, W: 3, C: 4, K: 4, OH: 1, OW: 1, PAD_H: 0, PAD_W: 0, RESIDUAL: 0, ACTIVATION: 0 };

function graph(k: Conv2dKnobs, tile: Tile): Node {
  const shape = [k.N, k.OH, k.OW, k.K];
  const inputs = {
    ...{ x: input('x', [k.N, k.H, k.W, k.C]), w: input('w', [3, 3, k.C, k.K]) },
    ...{ scale: input('scale', [k.K]), shift: input('shift', [k.K]) },
    ...(k.RESIDUAL && { residual: input('residual', shape) }),
  };
  const op: Op = {
    name: 'winograd',
    lower: (y, target) => [...winogradCalls('y', k, { ...inputs, y } as ConvolutionBuffers, target, tile)],
  };
  return { op, inputs: Object.values(inputs), attributes: {}, shape, dtype: 'f32', name: 'y' };
}

const feedsOf = (y: Node): Record<string, Float32Array> =>
  Object.fromEntries(
    y.inputs.map(({ name, shape }, i) => [
      name,
      randomValues(
        shape.reduce((a, b) => a * b),
        i + 1,
      ),
    ]),
  );

/** The largest sum of magnitudes behind one of the channels' sums, for inputs in [-1, 1). */
function magnitude(tile: Tile): number {
  const { AT, BT, G } = winogradMatrices(tile);
  const sum = (row: readonly number[] = []) => row.reduce((total, value) => total + Math.abs(value), 0);
  return Math.max(...AT.map((row) => sum(row.map((value, t) => value * sum(BT[t]) * sum(G[t]))))) ** 2;
}

async function check(knobs: Conv2dKnobs, tile: Tile, change: Partial<Target>): Promise<void> {
  const y = graph(knobs, tile);
  const feeds = feedsOf(y);
  const device = await testDevice();
  const session = await open(device, plan({ y }, { ...device.target, ...change }));
  const got = (await session.run(feeds)).y!.data;
  session.close();
  const want = conv2dReference(feeds, knobs).y!;
  const sum = want.map(() => magnitude(tile) * knobs.C + 2);
  const allowed = bounds('winograd', { ...knobs, TILE: tile }, want, sum);
  const wrong = want.findIndex((value, i) => !(Math.abs(got[i]! - value) <= allowed[i]!));
  assert.is(wrong, -1, `y[${wrong}], got ${got[wrong]}, expected ${want[wrong]} within ${allowed[wrong]}`);
}

for (const tile of [2, 4] as const) {
  for (const [name, target] of Object.entries(targets)) {
    test(`winogradCalls, tile ${tile}, ${name}: equals conv2d`, () => check(base, tile, target));
  }
  test(`winogradCalls, tile ${tile}: one position`, () => check({ ...base, ...small }, tile, targets.software!));

  test(`winogradCalls, tile ${tile}: the weights' call reads w alone`, () => {
    const y = graph(base, tile);
    const target = { ...defaultTarget(), subgroups: true };
    const [weights, ...others] = y.op.lower!(y, target);
    assert.is(weights!.buffers.w, y.inputs[1]);
    assert.equal(Object.keys(weights!.buffers), ['w', 'u']);
    assert.not(others.some((call) => Object.values(call.buffers).includes(y.inputs[1]!)));
    const { dispatches } = plan({ y }, target);
    const names = ['winogradWeights', 'winogradInput', 'winogradProduct', 'winogradOutput'];
    assert.equal(
      dispatches.map((d) => d.kernel.name),
      names,
    );
  });
}

test('winogradFits: 3x3, stride and dilation 1, channels in multiples of 4, buffers that can be bound', () => {
  const fits = (change: Partial<Conv2dKnobs>) => winogradFits({ ...base, ...change }, software, 4);
  assert.ok(fits({}));
  assert.ok(fits({ PAD_H: 0, PAD_W: 5 }));
  const others: Partial<Conv2dKnobs>[] = [
    ...[{ KH: 1 }, { KW: 5 }, { STRIDE_H: 2 }, { STRIDE_W: 2 }],
    ...[{ DILATION_H: 2 }, { DILATION_W: 2 }, { C: 6 }, { K: 10 }],
  ];
  for (const change of others) assert.not(fits(change), JSON.stringify(change));
  // 36 values a tile, of 4 bytes, for the 28 x 28 tiles of a photo and its 256 channels: 27.6 MiB.
  const wide = { N: 4, H: 112, W: 112, OH: 112, OW: 112, C: 64, K: 256 };
  assert.ok(winogradFits({ ...base, ...wide }, software, 4));
  assert.not(winogradFits({ ...base, ...wide, N: 5 }, software, 4));
  assert.not(winogradFits({ ...base, ...wide, N: 5, C: 256, K: 64 }, software, 4));
});

test('conv2dForms on software adapters: no Winograd that cannot be bound, or that needs more products than the sum', () => {
  const first = (change: Partial<Conv2dKnobs>, limit = 2 ** 30) =>
    conv2dForms({ ...base, ...change }, { ...software, maxStorageBufferBindingSize: limit }).names[0];
  const wide = { N: 5, H: 112, W: 112, OH: 112, OW: 112, C: 64, K: 256 };
  assert.equal([first(wide), first(wide, 2 ** 27)], ['winograd4', 'direct']);
  const map = (side: number, N = 16) => first({ N, H: side, W: side, OH: side, OW: side });
  assert.equal(
    [map(14, 1), map(7, 1), map(3), map(2), map(1)],
    ['winograd4', 'winograd2', 'winograd4', 'winograd2', 'direct'],
  );
});

test("winograd: the error is at most a plain sum's (tile 2) and three times it (tile 4)", async () => {
  const k = { ...base, ...{ N: 1, H: 12, W: 12, OH: 12, OW: 12, C: 64, K: 16, RESIDUAL: 0, ACTIVATION: 0 } };
  const feeds = feedsOf(graph(k, 2));
  const want = conv2dReference(feeds, k).y!;
  const rms = (got: ArrayLike<number>) => Math.hypot(...Array.from(want, (value, i) => got[i]! - value));
  const direct = rms(directF32(feeds, k));
  for (const [tile, factor] of [
    [2, 1],
    [4, 3],
  ] as const) {
    const y = graph(k, tile);
    const error = rms((await evaluate({ y }, feeds)).y!.data);
    assert.ok(error <= factor * direct, `tile ${tile}: ${error} against ${direct}`);
  }
});

/** The convolution with every product and sum rounded to f32. */
function directF32(feeds: Record<string, Float32Array>, k: Conv2dKnobs): Float32Array {
  const f = Math.fround;
  const { x, w, scale, shift } = feeds as Record<'x' | 'w' | 'scale' | 'shift', Float32Array>;
  return Float32Array.from({ length: k.OH * k.OW * k.K }, (_, out) => {
    const [channel, column, row] = [out % k.K, Math.floor(out / k.K) % k.OW, Math.floor(out / k.K / k.OW)];
    let sum = 0;
    for (let tap = 0; tap < 9; tap++) {
      const [h, width] = [row - 1 + Math.floor(tap / 3), column - 1 + (tap % 3)];
      if (h < 0 || h >= k.H || width < 0 || width >= k.W) continue;
      for (let c = 0; c < k.C; c++) {
        sum = f(sum + f(x[(h * k.W + width) * k.C + c]! * w[(tap * k.C + c) * k.K + channel]!));
      }
    }
    return f(f(sum * scale[channel]!) + shift[channel]!);
  });
}

test.run();
