// What an evaluation counts: ranks with ties, means over classes, confusion, pairs.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { confusedPairs, largest, metricsOf, mistakes, type Outcome, standardError } from '../../src/data/metrics.ts';

const said = (label: number, top: number[], concat = top[0]!, probability = 0.5): Outcome => {
  return { label, top, concat, probability };
};

test('the largest first, of equal ones the lower index', () => {
  assert.equal(largest(new Float32Array([1, 3, 2, 3, -1, 3]), 5), [1, 3, 5, 2, 0]);
  assert.equal(largest([0, 0, 0], 5), [0, 1, 2]);
  assert.equal(largest([-Infinity, -0, 0], 2), [1, 2]);
});

test('top-1, top-5, concat and the mean over classes, which leaves classes without images out', () => {
  const outcomes = [
    said(0, [0, 1, 2, 3, 4]),
    said(0, [1, 0, 2, 3, 4], 0),
    said(0, [1, 2, 3, 4, 5], 1),
    said(2, [2, 1, 0, 3, 4], 3),
  ];
  const { images, top1, top5, concat, classMean, classes } = metricsOf(outcomes, 6);
  assert.equal([images, top1, top5, concat], [4, 0.5, 0.75, 0.5]);
  assert.is(classMean, (1 / 3 + 1) / 2);
  assert.equal(classes[0], { images: 3, correct: 1 });
  assert.equal(classes[1], { images: 0, correct: 0 });
});

test('confusion: rows are the labels, columns what was said', () => {
  const { confusion } = metricsOf([said(0, [1]), said(0, [1]), said(1, [0]), said(2, [2])], 3);
  assert.equal(confusion, [
    [0, 2, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
});

test('no image at all: shares are NaN, counts are 0', () => {
  const { images, top1, classMean, confusion } = metricsOf([], 2);
  assert.is(images, 0);
  assert.ok(Number.isNaN(top1) && Number.isNaN(classMean));
  assert.equal(confusion.flat(), [0, 0, 0, 0]);
});

test('pairs add both directions; equal ones stand in the order of classes', () => {
  const confusion = [
    [9, 1, 0, 2],
    [2, 9, 0, 0],
    [0, 0, 9, 3],
    [0, 0, 1, 9],
  ];
  const pairs = confusedPairs(confusion, 10);
  assert.equal(
    pairs.map(({ a, b, aAsB, bAsA }) => [a, b, aAsB, bAsA]),
    [
      [2, 3, 3, 1],
      [0, 1, 1, 2],
      [0, 3, 2, 0],
    ],
  );
  assert.equal(confusedPairs(confusion, 1), pairs.slice(0, 1));
});

test('mistakes: the surest first', () => {
  const outcomes = [said(0, [1], 1, 0.3), said(0, [1], 1, 0.9), said(0, [0], 0, 0.99), said(1, [0], 0, 0.8)];
  assert.equal(
    mistakes(outcomes, 0, 1, 5).map(({ probability }) => probability),
    [0.9, 0.3],
  );
  assert.is(mistakes(outcomes, 0, 1, 1).length, 1);
});

test('the standard error of half of 100 is 5 percent', () => {
  assert.is(standardError(0.5, 100), 0.05);
});

test.run();
