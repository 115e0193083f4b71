import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { add } from '../../src/graph/ops/add.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

test('add through plan and session, of two values and of a value with itself', async () => {
  const a = input('a', [3, 5, 7]);
  const b = input('b', [3, 5, 7]);
  const [as, bs] = [randomValues(105, 1), randomValues(105, 2)];
  const outputs = { sum: add('sum', a, b), twice: add('twice', a, a, { activation: 'relu' }) };
  const got = await evaluate(outputs, { a: as, b: bs });
  assert.equal(got.sum!.shape, [3, 5, 7]);
  assert.equal([...got.sum!.data], [...as.map((v, i) => v + bs[i]!)]);
  assert.equal([...got.twice!.data], [...as.map((v) => Math.max(2 * v, 0))]);
});

test('add: refuses shapes that differ, in one line', () => {
  const a = input('a', [2, 6]);
  assert.throws(
    () => add('sum', a, input('b', [6, 2])),
    /^sum: shape of b, got \(6, 2\), expected \(2, 6\) - make it that of a$/,
  );
  assert.throws(() => add('sum', a, input('b', [6])), /^sum: shape of b, got \(6\), expected \(2, 6\)/);
});

test.run();
