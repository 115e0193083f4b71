import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backpropagate } from '../../src/graph/gradients/backward.ts';
import { input } from '../../src/graph/node.ts';
import { type MaxPoolAttributes, maxPool } from '../../src/graph/ops/maxPool.ts';
import { maxPoolReference } from '../../src/kernels/maxPool.ts';
import { checkGradients } from '../harness/gradient.ts';
import { evaluate } from '../harness/graph.ts';

for (const options of [
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: [2, 4] as const, stride: [3, 1] as const, padding: [0, 2] as const },
]) {
  test(`maxPool: gradient of windows ${JSON.stringify(options)}`, () => {
    const shape = [2, 7, 9, 5];
    const { knobs } = maxPool('y', input('x', shape), options).attributes as MaxPoolAttributes;
    return checkGradients({
      inputs: { x: { shape } },
      build: ({ x }) => maxPool('y', x!, options),
      forward: ({ x }) => maxPoolReference({ x: x! }, knobs).y!,
      entries: 300,
    });
  });
}

test('maxPool: of equal values the first in row-major order gets all of the gradient', async () => {
  const x = input('x', [1, 3, 3, 1]);
  const y = maxPool('y', x, { kernel: 3, stride: 2, padding: 1 });
  const dx = backpropagate(y, input('dy', y.shape), [x]).get(x)!;
  const feeds = { x: Float32Array.of(0, 0, 0, 0, 7, 7, 0, 7, 7), dy: Float32Array.of(1, 2, 4, 8) };
  const got = await evaluate({ dx }, feeds);
  assert.equal([...got.dx!.data], [0, 0, 0, 0, 15, 0, 0, 0, 0]);
});

test.run();
