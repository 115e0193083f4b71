import { test } from 'uvu';
import { globalTop5Pool } from '../../src/graph/ops/topPool.ts';
import { topPoolReference } from '../../src/kernels/topPool.ts';
import { checkGradients } from '../harness/gradient.ts';

for (const [h, w] of [
  [4, 5],
  [1, 3],
] as const) {
  test(`globalTop5Pool: gradient, ${h} x ${w} positions`, () =>
    checkGradients({
      inputs: { x: { shape: [2, h, w, 8] } },
      build: ({ x }) => globalTop5Pool('y', x!),
      forward: ({ x }) => topPoolReference({ x: x! }, { N: 2, P: h * w, C: 8, WORKGROUP: 1 }).y!,
      entries: 320,
    }));
}

test.run();
