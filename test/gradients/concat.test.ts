import { test } from 'uvu';
import { concat } from '../../src/graph/ops/concat.ts';
import { checkGradients } from '../harness/gradient.ts';

test('concat: each input gets its columns, one that stands twice their sum', () =>
  checkGradients({
    inputs: { a: { shape: [2, 3, 4] }, b: { shape: [2, 3, 5] } },
    build: ({ a, b }) => concat('y', [a!, b!, a!]),
    forward: ({ a, b }) =>
      Array.from({ length: 6 }, (_, row) => {
        const [left, right] = [a!.subarray(4 * row, 4 * row + 4), b!.subarray(5 * row, 5 * row + 5)];
        return [...left, ...right, ...left];
      }).flat(),
  }));

test('concat: an input whose gradient nobody wants', () =>
  checkGradients({
    inputs: { a: { shape: [2, 3] }, b: { shape: [2, 2] } },
    build: ({ a, b }) => concat('y', [a!, b!]),
    forward: ({ a, b }) => [0, 1].flatMap((i) => [...a!.slice(3 * i, 3 * i + 3), ...b!.slice(2 * i, 2 * i + 2)]),
    wrt: ['b'],
  }));

test.run();
