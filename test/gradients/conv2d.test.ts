import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backpropagate } from '../../src/graph/gradients/backward.ts';
import { input, type Node, parameter, state } from '../../src/graph/node.ts';
import { bareConv2d, type Conv2dOptions, conv2d } from '../../src/graph/ops/conv2d.ts';
import { conv2dInputGradient } from '../../src/graph/ops/conv2dInputGradient.ts';
import { conv2dWeightGradient } from '../../src/graph/ops/conv2dWeightGradient.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget, type Target } from '../../src/graph/target.ts';
import { type Conv2dGeometry, conv2dReference, geometryOf } from '../../src/kernels/conv2d.ts';
import { conv2dInputGradientReference } from '../../src/kernels/conv2dInputGradient.ts';
import { conv2dWeightGradientReference } from '../../src/kernels/conv2dWeightGradient.ts';
import { checkGradients } from '../harness/gradient.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { bounds } from '../harness/tolerance.ts';

type Shape = [n: number, h: number, w: number, c: number, k: number, kernel: number];

function check([n, h, w, c, k, kernel]: Shape, options: Conv2dOptions): Promise<void> {
  const build = (x: Node, weight: Node) => bareConv2d('y', x, weight, options);
  const shapes = { x: [n, h, w, c], w: [kernel, kernel, c, k] };
  const { knobs } = build(input('x', shapes.x), input('w', shapes.w)).attributes;
  const [scale, shift] = [new Float64Array(k).fill(1), new Float64Array(k)];
  return checkGradients({
    inputs: { x: { shape: shapes.x }, w: { shape: shapes.w } },
    build: ({ x, w }) => build(x!, w!),
    forward: ({ x, w }) => conv2dReference({ x: x!, w: w!, scale, shift }, knobs).y!,
    entries: 24,
  });
}

const cases: [Shape, Conv2dOptions][] = [
  [[2, 5, 4, 8, 12, 1], {}],
  [[2, 7, 6, 8, 12, 1], { stride: 2 }],
  [[2, 7, 6, 8, 4, 3], { padding: 1 }],
  [[1, 6, 9, 20, 8, 3], { padding: 1, stride: 2 }],
  [[1, 8, 8, 4, 8, 3], { padding: 1, stride: 3 }],
  [[1, 7, 5, 4, 8, 2], { padding: [1, 0] }],
  [[1, 9, 8, 8, 4, 3], { padding: 2, dilation: 2 }],
  [[1, 9, 8, 4, 4, 3], { padding: 1, dilation: [2, 1], stride: [2, 3] }],
  [[1, 4, 4, 4, 4, 1], { padding: 1 }],
  [[2, 11, 12, 3, 64, 7], { padding: 3, stride: 2 }],
  [[1, 6, 5, 3, 5, 3], { padding: 1 }],
  [[1, 6, 5, 5, 8, 3], { padding: 1, dilation: 2 }],
];
for (const [shape, options] of cases) {
  const [, h, w, c, k, kernel] = shape;
  const what = `${c} -> ${k}, ${h}x${w}, ${kernel}x${kernel} ${JSON.stringify(options)}`;
  test(`bareConv2d: gradients of ${what}`, () => check(shape, options));
}

const layer = (c: number, k: number, size: number, stride = 1) => {
  const x = input('x', [2, size, size, c]);
  const { knobs } = bareConv2d('y', x, input('w', [3, 3, c, k]), { padding: 1, stride }).attributes;
  const dy = input('dy', [2, knobs.OH, knobs.OW, k]);
  return { knobs: geometryOf(knobs), x, dy, w: input('w', [3, 3, c, k]), residual: input('residual', x.shape) };
};
const feedsOf = ({ knobs: k }: { knobs: Conv2dGeometry }) => ({
  x: randomValues(k.N * k.H * k.W * k.C, 1),
  w: randomValues(9 * k.C * k.K, 2),
  dy: randomValues(k.N * k.OH * k.OW * k.K, 3),
  residual: randomValues(k.N * k.H * k.W * k.C, 4),
});
const absolute = (feeds: Record<string, Float32Array>) =>
  Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, data.map(Math.abs)]));

function assertClose(got: ArrayLike<number>, want: Float64Array, allowed: Float64Array): void {
  const wrong = want.findIndex((value, i) => !(Math.abs(got[i]! - value) <= allowed[i]!));
  assert.is(wrong, -1, `[${wrong}], got ${got[wrong]}, expected ${want[wrong]} within ${allowed[wrong]}`);
}

for (const family of families) {
  for (const stride of [1, 2]) {
    test(`conv2dInputGradient, ${family}, stride ${stride}: adds another gradient, at a map that Winograd serves`, async () => {
      const { knobs, dy, w, residual } = layer(8, 12, 18, stride);
      const node = conv2dInputGradient('dx', dy, w, knobs, residual);
      const { x: _, ...feeds } = feedsOf({ knobs });
      const got = (await evaluate({ dx: node }, feeds, {}, family)).dx!.data;
      const k = { ...knobs, RESIDUAL: 1 };
      const want = conv2dInputGradientReference(feeds, k).dx!;
      // Winograd's transforms lose at most 2^5 roundings' worth more than a plain sum.
      const sums = conv2dInputGradientReference(absolute(feeds), k).dx!.map((sum) => 32 * sum);
      const allowed = bounds('conv2dInputGradient', k, want, sums);
      assertClose(got, want, allowed);
    });
  }

  test(`conv2dWeightGradient, ${family}: a map large enough for slices`, async () => {
    const { knobs, dy, x } = layer(4, 8, 20);
    const node = conv2dWeightGradient('dw', dy, x, knobs);
    const { w: _w, residual: _r, ...feeds } = feedsOf({ knobs });
    const { dispatches } = plan({ dw: node }, { ...defaultTarget(family), subgroups: true });
    assert.is(dispatches[dispatches.length - 1]!.kernel.name, 'addSlices');
    const got = (await evaluate({ dw: node }, feeds, {}, family)).dw!.data;
    const k = { ...knobs, FILTER_C: 4, SLICES: 1 };
    const want = conv2dWeightGradientReference(feeds, k).dw!;
    const allowed = bounds('conv2dWeightGradient', k, want, conv2dWeightGradientReference(absolute(feeds), k).dw!);
    assertClose(got, want, allowed);
  });
}

test('the kernels follow the target', () => {
  const kernels = (target: Target, c = 8, stride = 1) => {
    const { knobs, x, dy, w } = layer(c, 8, 6, stride);
    const of = (node: Node) => plan({ d: node }, target).dispatches.map((dispatch) => dispatch.kernel.name);
    return { dx: of(conv2dInputGradient('dx', dy, w, knobs)), dw: of(conv2dWeightGradient('dw', dy, x, knobs)) };
  };
  const software = { ...defaultTarget('software'), subgroups: true };
  assert.equal(kernels(software), { dx: ['conv2dInputGradientQuad'], dw: ['conv2dWeightGradientQuad'] });
  assert.equal(kernels(software, 8, 2).dx, ['conv2dInputGradientQuad']);
  assert.equal(kernels(software, 3), { dx: ['conv2dInputGradient'], dw: ['unfoldRows', 'conv2dWeightGradientQuad'] });
  assert.equal(kernels(defaultTarget('software')), { dx: ['flipFilters', 'conv2d'], dw: ['conv2dWeightGradient'] });
  assert.equal(kernels(defaultTarget('software'), 8, 2).dx, ['conv2dInputGradient']);
  const discrete = { ...defaultTarget('discrete'), subgroups: true };
  assert.equal(kernels(discrete, 8, 2), { dx: ['conv2dInputGradientTiled'], dw: ['conv2dWeightGradientTiled'] });
  assert.equal(kernels(discrete).dx.slice(0, 2), ['flipFilters', 'conv2dTiled']);
});

test('weights that runs change have forms of their own: Winograd pays its transform in every run', () => {
  const x = input('x', [4, 4, 4, 256]);
  const form = (w: Node) => plan({ y: bareConv2d('y', x, w, { padding: 1 }) }, defaultTarget('software')).forms[0]!;
  const fixed = form(filtersLast(parameter('w', [256, 256, 3, 3])));
  const trained = form(state('w', [3, 3, 256, 256]));
  assert.equal([fixed.form, trained.form], ['winograd2', 'direct']);
  assert.is(trained.key, `${fixed.key} trained`);
});

test('conv2d with an epilogue has no gradients: refused in one line', () => {
  const [x, w] = [input('x', [1, 4, 4, 8]), input('w', [1, 1, 8, 8])];
  const y = conv2d('layer1.conv2', x, w, input('scale', [8]), input('shift', [8]));
  assert.throws(
    () => backpropagate(y, input('dy', y.shape), [x]),
    /layer1.conv2: no gradient of a conv2d with an epilogue - use bareConv2d$/,
  );
});

test.run();
