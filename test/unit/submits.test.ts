// Steps dealt out to submits: all of them, in order, within the family's bound.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { submitsOf } from '../../src/gpu/submits.ts';
import type { Family } from '../../src/graph/target.ts';

const split = (family: Family, ...gigaflops: number[]) =>
  submitsOf(
    gigaflops.map((g) => ({ dispatch: { flops: g * 1e9 } })),
    family,
  ).map((steps) => steps.map(({ dispatch }) => dispatch.flops / 1e9));

test('what stays within 0.2 s at the assumed speed is one submit', () => {
  assert.equal(split('integrated', 20, 15, 5), [[20, 15, 5]]);
  assert.equal(split('apple', 100, 100), [[100, 100]]);
  assert.equal(split('discrete', 8.2), [[8.2]]);
});

test('a step that would pass the bound begins the next submit; one above it stands alone', () => {
  assert.equal(split('integrated', 20, 15, 6, 34, 1), [[20, 15], [6, 34], [1]]);
  assert.equal(split('integrated', 50, 1, 90, 0, 39, 0), [[50], [1], [90], [0, 39, 0]]);
  assert.equal(split('discrete', 300, 200, 200, 1), [[300], [200, 200], [1]]);
});

test('software adapters have no bound; no steps are one empty submit', () => {
  assert.equal(split('software', 1e6, 1e6), [[1e6, 1e6]]);
  assert.equal(split('apple'), [[]]);
});

test.run();
