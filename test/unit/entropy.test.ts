// The entropy of attention weights.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { rowEntropy } from '../../src/train/entropy.ts';

test('1 where all weights are alike, 0 where each row has chosen one, means in between', () => {
  const of = (...data: number[]) => rowEntropy({ shape: [1, 1, 2, 4], data: Float32Array.from(data) });
  assert.ok(Math.abs(of(0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25, 0.25) - 1) < 1e-12);
  assert.is(of(0, 1, 0, 0, 0, 0, 0, 1), 0);
  assert.ok(Math.abs(of(0.5, 0.5, 0, 0, 0, 0, 0, 1) - 0.25) < 1e-12);
});

test.run();
