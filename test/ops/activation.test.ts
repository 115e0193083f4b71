import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { elu, relu } from '../../src/graph/ops/activation.ts';
import { evaluate } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

test('relu and elu through plan and session', async () => {
  const x = input('x', [3, 5, 7]);
  const data = randomValues(105, 1, 4);
  const got = await evaluate({ r: relu('r', x), e: elu('e', x) }, { x: data });
  assert.equal(got.e!.shape, [3, 5, 7]);
  assert.equal([...got.r!.data], [...data.map((v) => Math.max(v, 0))]);
  assert.ok(got.e!.data.every((v, i) => Math.abs(v - (data[i]! > 0 ? data[i]! : Math.expm1(data[i]!))) < 1e-6));
});

test.run();
