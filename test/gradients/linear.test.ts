import { test } from 'uvu';
import { backpropagate } from '../../src/graph/gradients/backward.ts';
import { input } from '../../src/graph/node.ts';
import { linear } from '../../src/graph/ops/linear.ts';
import { linearReference } from '../../src/kernels/linear.ts';
import { checkGradients } from '../harness/gradient.ts';
import { refused } from '../harness/refused.ts';

for (const [M, K, N] of [
  [4, 64, 26],
  [7, 13, 8],
  [1, 5, 1],
] as const) {
  test(`linear: gradients, ${M} x ${K} x ${N}`, () =>
    checkGradients({
      inputs: { x: { shape: [M, K] }, w: { shape: [K, N] }, b: { shape: [N] } },
      build: ({ x, w, b }) => linear('y', x!, w!, b!),
      forward: ({ x, w, b }) =>
        linearReference({ x: x!, w: w!, b: b! }, { M, K, N, ACTIVATION: 0, COLUMNS: 1, SLICES: 1 }).y!,
      entries: 30,
    }));
}

test('linear: refuses the gradient behind an activation, in one line', () => {
  const x = input('x', [2, 3]);
  const y = linear('fc', x, input('w', [3, 4]), input('b', [4]), { activation: 'relu' });
  refused(
    () => backpropagate(y, input('dy', [2, 4]), [x]),
    'internal',
    /^internal: fc: no gradient with an activation/,
  );
});

test.run();
