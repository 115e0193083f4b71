import { test } from 'uvu';
import { globalAveragePool, globalMaxPool } from '../../src/graph/ops/globalPool.ts';
import { globalPoolReference } from '../../src/kernels/globalPool.ts';
import { checkGradients } from '../harness/gradient.ts';

for (const [pool, MAXIMUM] of [
  [globalAveragePool, 0],
  [globalMaxPool, 1],
] as const) {
  test(`${pool.name}: gradient`, () =>
    checkGradients({
      inputs: { x: { shape: [2, 4, 5, 7] } },
      build: ({ x }) => pool('y', x!),
      forward: ({ x }) => globalPoolReference({ x: x! }, { N: 2, P: 20, C: 7, MAXIMUM, CHANNELS: 1, SLICES: 1 }).y!,
      entries: 280,
    }));
}

test.run();
