import { test } from 'uvu';
import type { Shape } from '../../src/graph/node.ts';
import { batchNormTraining } from '../../src/graph/ops/batchNormTraining.ts';
import { batchStatistics } from '../../src/graph/ops/batchStatistics.ts';
import { batchNormTrainingReference } from '../../src/kernels/batchNormTraining.ts';
import { batchStatisticsReference } from '../../src/kernels/batchStatistics.ts';
import { type Activation, activations } from '../../src/kernels/kernel.ts';
import { checkGradients, type GradientCase } from '../harness/gradient.ts';

const eps = 1e-3;

function normCase(shape: Shape, activation: Activation, residual: boolean): GradientCase {
  const C = shape[shape.length - 1]!;
  const ROWS = shape.reduce((a, b) => a * b, 1) / C;
  const named = { x: { shape }, gamma: { shape: [C] }, beta: { shape: [C] } };
  return {
    inputs: residual ? { ...named, residual: { shape } } : named,
    build: ({ x, gamma, beta, residual }) => {
      const parameters = { gamma: gamma!, beta: beta! };
      const options = { eps, activation, ...(residual && { residual }) };
      return batchNormTraining('y', x!, batchStatistics('statistics', x!), parameters, options);
    },
    forward: (values) => {
      const sizes = { ROWS, C, SLICE: ROWS, COLUMNS: 1, LANES: 1, RAGGED: 0, EACH: 1, WORKGROUP: 1 };
      const knobs = { ...sizes, EPS: eps, ACTIVATION: activations[activation], RESIDUAL: Number(residual) };
      const statistics = batchStatisticsReference(values, knobs).partial!;
      return batchNormTrainingReference({ ...values, statistics }, knobs).y!.subarray(0, ROWS * C);
    },
  };
}

for (const activation of ['none', 'relu', 'elu'] as const) {
  for (const residual of [false, true]) {
    test(`batchNormTraining: gradients, ${activation}${residual ? ', with a residual' : ''}`, () =>
      checkGradients(normCase([2, 3, 4, 8], activation, residual)));
  }
}

test('batchNormTraining: gradients of a (N, C) x', () => checkGradients(normCase([6, 12], 'elu', false)));

test('batchNormTraining: gradients of channels that are no multiple of 4', () =>
  checkGradients(normCase([2, 5, 3, 7], 'relu', true)));

test('batchNormTraining: gradients of more rows than a slice has', () =>
  checkGradients({ ...normCase([3, 9, 20, 4], 'relu', false), entries: 12 }));

test.run();
