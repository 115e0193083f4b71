import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { row, sliceColumns } from '../../src/graph/ops/sliceColumns.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

test('sliceColumns of a feature map, and a row of a matrix, through plan and session', async () => {
  const data = { x: randomValues(2 * 3 * 7, 1), m: randomValues(2 * 5, 2) };
  const m = input('m', [2, 5]);
  const y = sliceColumns('y', input('x', [2, 3, 7]), 2, 4);
  assert.equal(y.shape, [2, 3, 4]);
  const got = await evaluate({ y, first: row('first', m, 0), second: row('second', m, 1) }, data);
  assert.equal(
    [...got.y!.data],
    [...data.x].filter((_, i) => i % 7 >= 2 && i % 7 < 6),
  );
  assert.equal(got.second!.shape, [5]);
  assert.equal(got.first!.data, data.m.subarray(0, 5));
  assert.equal(got.second!.data, data.m.subarray(5));
});

test('sliceColumns, row: refuse what is not there, in one line', () => {
  const x = input('x', [2, 5]);
  refused(() => sliceColumns('y', x, 3, 3), 'input', /^y: columns, got 3 from 3 on, expected some of 5$/);
  refused(() => sliceColumns('y', x, -1, 3), 'input', /^y: columns, got 3 from -1 on, expected some of 5$/);
  refused(() => sliceColumns('y', x, 0, 0), 'input', /^y: columns, got 0 from 0 on/);
  refused(() => row('y', x, 2), 'input', /^y: rows, got 1 from 2 on, expected some of 2$/);
  refused(() => row('y', input('v', [5]), 0), 'input', /^y: shape of x, got \(5\), expected 2 sizes/);
});

test.run();
