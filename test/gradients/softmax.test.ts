import { test } from 'uvu';
import { logSoftmax, softmax } from '../../src/graph/ops/softmax.ts';
import { softmaxReference } from '../../src/kernels/softmax.ts';
import { checkGradients } from '../harness/gradient.ts';
import { randomValues } from '../harness/random.ts';

for (const [op, LOG] of [
  [softmax, 0],
  [logSoftmax, 1],
] as const) {
  for (const [axis, OUTER, SIZE, INNER] of [
    [0, 1, 3, 35],
    [1, 3, 7, 5],
    [-1, 21, 5, 1],
  ] as const) {
    test(`${op.name}: gradient over axis ${axis}`, () =>
      checkGradients({
        inputs: { x: { shape: [3, 7, 5], data: randomValues(105, 1, 3) } },
        build: ({ x }) => op('y', x!, axis),
        forward: ({ x }) => softmaxReference({ x: x! }, { OUTER, SIZE, INNER, LOG, LINES: 1, SLICES: 1 }).y!,
      }));
  }
}

test.run();
