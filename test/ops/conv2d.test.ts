import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, parameter } from '../../src/graph/node.ts';
import { conv2d } from '../../src/graph/ops/conv2d.ts';
import { filtersLast } from '../../src/graph/ops/filtersLast.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { type Conv2dKnobs, conv2dReference } from '../../src/kernels/conv2d.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { bounds } from '../harness/tolerance.ts';

function graph(c: number, k: number, h = 6, w = 7) {
  const x = input('x', [2, h, w, c]);
  const weight = filtersLast(parameter('weight', [k, c, 3, 3]));
  const residual = input('residual', [2, Math.ceil(h / 2), Math.ceil(w / 2), k]);
  const options = { stride: 2, padding: 1, activation: 'relu', residual } as const;
  return conv2d('y', x, weight, parameter('scale', [k]), parameter('shift', [k]), options);
}

for (const family of families) {
  for (const [c, k] of [
    [8, 12],
    [3, 6],
    [3, 8],
  ] as const) {
    test(`conv2d ${c} -> ${k}, ${family}: PyTorch's weight layout, batch, residual`, async () => {
      const y = graph(c, k);
      const { knobs } = y.attributes as { knobs: Conv2dKnobs };
      const values = {
        x: randomValues(2 * 6 * 7 * c, 1),
        weight: randomValues(k * c * 9, 2),
        scale: randomValues(k, 3),
        shift: randomValues(k, 4),
        residual: randomValues(2 * 3 * 4 * k, 5),
      };
      // The reference takes HWIO: element (kh, kw, c, k) of it is (k, c, kh, kw) of the file.
      const hwio = new Float32Array(values.weight.length);
      for (let i = 0; i < hwio.length; i++) {
        const [tap, channel, out] = [Math.floor(i / (c * k)), Math.floor(i / k) % c, i % k];
        hwio[i] = values.weight[(out * c + channel) * 9 + tap]!;
      }
      const absolute = (v: Float32Array) => v.map(Math.abs);
      const inputs = { x: values.x, w: hwio, scale: values.scale, shift: values.shift, residual: values.residual };
      const want = conv2dReference(inputs, knobs).y!;
      const sums = conv2dReference(
        Object.fromEntries(Object.entries(inputs).map(([name, v]) => [name, absolute(v)])),
        knobs,
      ).y!;
      const parameters = {
        weight: { shape: [k, c, 3, 3], data: values.weight },
        scale: { shape: [k], data: values.scale },
        shift: { shape: [k], data: values.shift },
      };
      const got = await evaluate({ y }, { x: values.x, residual: values.residual }, parameters, family);
      assert.equal(got.y!.shape, [2, 3, 4, k]);
      const allowed = bounds('conv2d', knobs, want, sums);
      got.y!.data.forEach((v, i) => {
        assert.ok(Math.abs(v - want[i]!) <= allowed[i]!, `y[${i}], got ${v}, expected ${want[i]}`);
      });
    });
  }
}

test('the kernel follows the target', () => {
  const kernels = (family: 'software' | 'discrete', subgroups: boolean, c: number) => {
    const { setup, dispatches } = plan({ y: graph(c, 8) }, { ...defaultTarget(family), subgroups });
    const [first, ...rest] = [...setup, ...dispatches].map((d) => d.kernel.name);
    assert.is(first, 'filtersLast');
    return rest;
  };
  assert.equal(kernels('software', false, 8), ['conv2d']);
  assert.equal(kernels('software', true, 8), ['filtersLast', 'conv2dQuad']);
  assert.equal(kernels('discrete', true, 8), ['conv2dTiled']);
  assert.equal(kernels('software', true, 3), ['unfoldRows', 'filtersLast', 'unfoldRows', 'conv2dQuad']);
  assert.equal(kernels('discrete', true, 3), ['conv2dStem']);
  assert.equal(kernels('discrete', true, 130).slice(0, 3), ['unfoldRows', 'unfoldRows', 'conv2dTiled']);
});

test('wrong shapes are refused in one line', () => {
  const x = input('x', [1, 4, 4, 8]);
  const weight = (c: number, kernel = 3) => filtersLast(parameter('w', [4, c, kernel, kernel]));
  const [scale, shift] = [parameter('scale', [4]), parameter('shift', [4])];
  const make = (c: number, options = {}, kernel = 3) => conv2d('layer', x, weight(c, kernel), scale, shift, options);
  assert.throws(() => make(4), /^layer: input channels, got 8, expected 4 as the weight has$/);
  assert.throws(() => make(8, {}, 5), /^layer: size of x, got \(4, 4\), expected at least the window \(5, 5\)/);
  assert.throws(
    () => make(8, { residual: x }),
    /^layer: shape of the residual, got \(1, 4, 4, 8\), expected \(1, 2, 2, 4\)/,
  );
  assert.throws(() => conv2d('layer', input('flat', [4, 8]), weight(8), scale, shift), /shape of x, got \(4, 8\)/);
});

test.run();
