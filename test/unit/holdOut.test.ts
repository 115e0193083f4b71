// The part of the training images that is held out to choose a model by.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Dataset, holdOut, limitClasses } from '../../src/node/datasets/dataset.ts';
import { refused } from '../harness/refused.ts';

test('a held-out part is a share of each class, seeded, whatever the other classes are', () => {
  const classes = ['a', 'b', 'c', 'd'];
  const sizes = [30, 20, 2, 1];
  const train = sizes.flatMap((size, label) =>
    Array.from({ length: size }, (_, i) => ({ file: `${label}/${i}`, label })),
  );
  const dataset: Dataset = { kind: 'folder', root: '', classes, train, test: [], banner: 0, warnings: [] };
  const split = holdOut(dataset, 0.1, 5);
  assert.equal(
    classes.map((_, label) => split.val.filter((image) => image.label === label).length),
    [3, 2, 1, 0],
  );
  assert.equal(new Set([...split.train, ...split.val]), new Set(train));
  assert.equal(holdOut(dataset, 0.1, 5), split);
  assert.not.equal(holdOut(dataset, 0.1, 6).val, split.val);
  const fewer = holdOut(limitClasses(dataset, ['b', 'a']), 0.1, 5);
  assert.equal(
    fewer.val,
    split.val.filter(({ label }) => label < 2),
  );
  refused(() => holdOut(dataset, 1, 5), 'input', /share, got 1, expected between 0 and 1/);
});

test.run();
