// Memory at the published size, preset paper at 448 px: what collaborative attention needs beside its inputs and outputs, and
// what recomputation saves in training.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { collaborate } from '../../src/model/collaborativeAttention.ts';
import { params } from '../../src/model/params.ts';
import { presets } from '../../src/model/presets.ts';
import { trainingCost } from '../../src/train/cost.ts';
import { configOf } from '../harness/configs.ts';

const { d, r } = presets.paper;
const sides = [56, 28, 14];
const options = { r, sign: 1, affinity: 'bilinear', fuse: 'add', eps: 1e-5 } as const;

for (const target of [
  defaultTarget('software'),
  { ...defaultTarget('software'), subgroups: true },
  defaultTarget('discrete'),
]) {
  test(`streaming takes at most 10 MiB beyond X and Z: ${target.family}, subgroups ${target.subgroups}`, () => {
    const xs = sides.map((side, i) => input(`x${i + 1}`, [1, side, side, d]));
    const { maps } = collaborate(params('clca'), xs, options);
    const made = plan(Object.fromEntries(maps.map((z, i) => [`z${i + 1}`, z])), target);
    const own = 2 * 4 * d * sides.reduce((sum, side) => sum + side * side, 0);
    const workspace = (made.activationBytes - own) / 2 ** 20;
    console.log(`streaming CLCA, paper at 448, ${target.family}: ${workspace.toFixed(2)} MiB beyond X and Z`);
    assert.ok(workspace > 0 && workspace <= 10, `got ${workspace} MiB`);
    const scores = Math.max(...sides.map((side) => side * side)) * 784 * 4;
    assert.not(
      made.buffers.some((buffer) => buffer.role === 'slot' && buffer.bytes === scores),
      'no scores are stored',
    );
  });
}

test('recomputation keeps less than half of the values for less than a third more arithmetic', () => {
  const target = defaultTarget('discrete');
  const cost = (recompute: boolean) => trainingCost(configOf('paper', 200), { batch: 4, recompute }, target);
  const [kept, again] = [cost(false), cost(true)];
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
  const more = again.flops / kept.flops - 1;
  console.log(
    `training, paper at 448, batch 4: ${mb(kept.values)}, recomputed ${mb(again.values)}, +${(100 * more).toFixed(0)} %`,
  );
  assert.ok(again.values < 0.5 * kept.values && again.values > 0.1 * kept.values, mb(again.values));
  assert.ok(more > 0.1 && more < 1 / 3, `${more}`);
  assert.is(again.states, kept.states);
});

test.run();
