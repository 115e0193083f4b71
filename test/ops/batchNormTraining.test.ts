// batchStatistics and batchNormTraining through plan and session.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input } from '../../src/graph/node.ts';
import { batchNormTraining } from '../../src/graph/ops/batchNormTraining.ts';
import { batchStatistics } from '../../src/graph/ops/batchStatistics.ts';
import { batchNormTrainingReference } from '../../src/kernels/batchNormTraining.ts';
import { batchStatisticsReference } from '../../src/kernels/batchStatistics.ts';
import { activations } from '../../src/kernels/kernel.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

const shapes = [
  [2, 3, 4, 12],
  [8, 16],
  [5, 7],
  [2, 30, 40, 8],
];
for (const family of families) {
  for (const shape of shapes) {
    test(`batchNormTraining of (${shape.join(', ')}), ${family}`, async () => {
      const C = shape[shape.length - 1]!;
      const ROWS = shape.reduce((a, b) => a * b, 1) / C;
      const x = randomValues(ROWS * C, 1).map((v) => Math.fround(v + 3));
      const [gamma, beta, residual] = [randomValues(C, 2), randomValues(C, 3), randomValues(ROWS * C, 4)];
      const nodes = { gamma: input('gamma', [C]), beta: input('beta', [C]), residual: input('residual', shape) };
      const statistics = batchStatistics('statistics', input('x', shape));
      const options = { eps: 1e-3, activation: 'relu', residual: nodes.residual } as const;
      const y = batchNormTraining('y', statistics.inputs[0]!, statistics, nodes, options);
      const got = await evaluate({ statistics, y }, { x, gamma, beta, residual }, {}, family);
      const sizes = { ROWS, C, SLICE: ROWS, COLUMNS: 1, LANES: 1, RAGGED: 0, EACH: 1, WORKGROUP: 1 };
      const knobs = { ...sizes, EPS: 1e-3, ACTIVATION: activations.relu, RESIDUAL: 1 };
      const wantStatistics = batchStatisticsReference({ x }, knobs).partial!;
      const inputs = { x, statistics: wantStatistics, gamma, beta, residual };
      const want = batchNormTrainingReference(inputs, knobs).y!.subarray(0, ROWS * C);
      assert.equal(got.statistics!.shape, [2, C]);
      assert.equal(got.y!.shape, shape);
      assert.ok(wantStatistics.every((v, i) => Math.abs(v - got.statistics!.data[i]!) < 2e-6));
      assert.ok(want.every((v, i) => Math.abs(v - got.y!.data[i]!) < 1e-5));
    });
  }
}

test('batchStatistics: refuses one value a channel, in one line', () => {
  const message = /^bn: shape of x, got \(1, 8\), expected more than one value a channel - a batch norm/;
  assert.throws(() => batchStatistics('bn', input('x', [1, 8])), message);
  assert.throws(() => batchStatistics('bn', input('x', [1, 1, 1, 8])), /expected more than one value a channel/);
});

test('batchNormTraining: refuses other shapes and an eps that is none, in one line', () => {
  const [x, c] = [input('x', [2, 8]), input('c', [8])];
  const statistics = batchStatistics('s', x);
  const make = (change: { gamma?: typeof x; eps?: number; residual?: typeof x; statistics?: typeof x }) => () =>
    batchNormTraining(
      'bn',
      x,
      change.statistics ?? statistics,
      { gamma: change.gamma ?? c, beta: c },
      { eps: 1e-5, ...change },
    );
  assert.throws(make({ gamma: x }), /^bn: shape of gamma, got \(2, 8\), expected \(8\)/);
  assert.throws(make({ statistics: c }), /^bn: shape of statistics, got \(8\), expected \(2, 8\)/);
  assert.throws(make({ residual: c }), /^bn: shape of the residual, got \(8\), expected \(2, 8\)/);
  assert.throws(make({ eps: 0 }), /^bn: eps, got 0, expected a positive number/);
});

test.run();
