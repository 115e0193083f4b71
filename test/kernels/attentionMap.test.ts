import * as fc from 'fast-check';
import { test } from 'uvu';
import { type AttentionMapKnobs, attentionMap, attentionMapReference } from '../../src/kernels/attentionMap.ts';
import { checkKernel } from '../harness/kernel.ts';

const base: AttentionMapKnobs = { N: 2, P: 49, ROW: 52, FIRST_ROWS: 196, SECOND_ROWS: 784, WORKGROUP: 16 };

test('attentionMap: control', () => checkKernel(attentionMap, attentionMapReference, base));

test('attentionMap: one position', () =>
  checkKernel(attentionMap, attentionMapReference, { ...base, N: 1, P: 1, ROW: 4, FIRST_ROWS: 1, SECOND_ROWS: 1 }));

test('attentionMap: a grid folded into y', () => {
  const k = { ...base, N: 1, P: 66000, ROW: 66000, FIRST_ROWS: 1, SECOND_ROWS: 2, WORKGROUP: 1 };
  return checkKernel(attentionMap, attentionMapReference, k);
});

const shapes = fc.record({
  ...{ N: fc.integer({ min: 1, max: 3 }), P: fc.integer({ min: 1, max: 40 }), WORKGROUP: fc.constantFrom(4, 64) },
  ...{ FIRST_ROWS: fc.integer({ min: 1, max: 40 }), SECOND_ROWS: fc.integer({ min: 1, max: 40 }) },
});
test('attentionMap: random shapes', () =>
  fc.assert(
    fc.asyncProperty(shapes, fc.nat(), (k, seed) =>
      checkKernel(attentionMap, attentionMapReference, { ...k, ROW: 4 * Math.ceil(k.P / 4) }, { seed }),
    ),
    { numRuns: 10, seed: 7 },
  ));

test.run();
