import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { backpropagate } from '../../src/graph/gradients/backward.ts';
import { input } from '../../src/graph/node.ts';
import {
  attentionWeights,
  collaborativeAttention,
  crossAttention,
} from '../../src/graph/ops/collaborativeAttention.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { checkGradients } from '../harness/gradient.ts';
import { refused } from '../harness/refused.ts';

const [n, d] = [2, 8];
type Values = ArrayLike<number>;

/** What a receiver of P positions takes from S positions of x: softmax(sign query key^T / sqrt(r)) x, per image, f64. */
function received(query: Values, key: Values, x: Values, P: number, S: number, r: number, sign: number): Float64Array {
  const y = new Float64Array(n * P * d);
  for (let image = 0; image < n; image++)
    for (let p = 0; p < P; p++) {
      const scores = Array.from({ length: S }, (_, s) => {
        let sum = 0;
        for (let c = 0; c < r; c++) sum += query[(image * P + p) * r + c]! * key[(image * S + s) * r + c]!;
        return (sign * sum) / Math.sqrt(r);
      });
      const exps = scores.map((v) => Math.exp(v - Math.max(...scores)));
      const total = exps.reduce((a, b) => a + b);
      exps.forEach((e, s) => {
        for (let c = 0; c < d; c++) y[(image * P + p) * d + c]! += (e / total) * x[(image * S + s) * d + c]!;
      });
    }
  return y;
}

for (const { r, sign, gamma } of [
  { r: 4, sign: 1, gamma: 0.7 },
  { r: 16, sign: -1, gamma: 0 },
] as const) {
  test(`collaborativeAttention: gradients of two senders, r ${r}, sign ${sign}, gamma ${gamma}`, () =>
    checkGradients({
      families: ['software'],
      inputs: {
        ...{ x: { shape: [n, 3, 3, d] }, gamma: { shape: [3], data: Float32Array.of(-1.5, gamma, 0.3) } },
        ...{ x1: { shape: [n, 4, 5, d] }, q1: { shape: [n, 3, 3, r] }, k1: { shape: [n, 4, 5, r] } },
        ...{ x2: { shape: [n, 3, 3, d] }, q2: { shape: [n, 3, 3, r] }, k2: { shape: [n, 3, 3, r] } },
      },
      build(nodes) {
        const { x, gamma, x1, q1, k1, x2, q2, k2 } = nodes as Required<typeof nodes>;
        const senders = [
          { x: x1!, weights: attentionWeights('weights1', q1!, k1!, { sign }) },
          { x: x2!, weights: attentionWeights('weights2', q2!, k2!, { sign }) },
        ];
        return collaborativeAttention('y', { x: x!, senders, gamma: gamma!, index: 1 });
      },
      forward({ x, gamma, x1, q1, k1, x2, q2, k2 }) {
        const first = received(q1!, k1!, x1!, 9, 20, r, sign);
        const second = received(q2!, k2!, x2!, 9, 9, r, sign);
        return x!.map((v, i) => v + gamma![1]! * (first[i]! + second[i]!));
      },
    }));
}

test('collaborativeAttention: gradients of one sender, on both families', () =>
  checkGradients({
    inputs: {
      ...{ x: { shape: [n, 3, 3, d] }, gamma: { shape: [1] } },
      ...{ x1: { shape: [n, 4, 5, d] }, q1: { shape: [n, 3, 3, 4] }, k1: { shape: [n, 4, 5, 4] } },
    },
    build(nodes) {
      const { x, gamma, x1, q1, k1 } = nodes as Required<typeof nodes>;
      const senders = [{ x: x1!, weights: attentionWeights('weights', q1!, k1!) }];
      return collaborativeAttention('y', { x: x!, senders, gamma: gamma!, index: 0 });
    },
    forward({ x, gamma, x1, q1, k1 }) {
      const taken = received(q1!, k1!, x1!, 9, 20, 4, 1);
      return x!.map((v, i) => v + gamma![0]! * taken[i]!);
    },
  }));

test('crossAttention: gradients, the maps themselves as query and key', () =>
  checkGradients({
    families: ['software'],
    inputs: { a: { shape: [n, 4, 5, d] }, b: { shape: [n, 3, 3, d] } },
    build: ({ a, b }) => crossAttention('y', a!, { x: b!, weights: attentionWeights('weights', a!, b!) }),
    forward: ({ a, b }) => received(a!, b!, b!, 20, 9, d, 1),
  }));

test('collaborativeAttention: products over all positions are let go of before the next gradients', () => {
  const [x, gamma, key] = [input('x', [1, 4, 4, 8]), input('gamma', [1]), input('key', [1, 4, 4, 8])];
  const senders = [{ x, weights: attentionWeights('weights', x, key) }];
  const y = collaborativeAttention('y', { x, senders, gamma, index: 0 });
  const gradients = backpropagate(y, input('dy', x.shape), [key, gamma]);
  const { dispatches } = plan({ key: gradients.get(key)!, gamma: gradients.get(gamma)! }, defaultTarget());
  const order = dispatches.map(({ name }) => name).filter((name) => !/^weights.\d/.test(name));
  assert.equal(order, ['y/D0', 'y/dgamma/1', 'y/dgamma/2', 'y/dweights0', 'weights/dScores', 'weights/dkey']);
});

test('collaborativeAttention: refuses the gradient of the streamed form, in one line', () => {
  const [x, key] = [input('x', [1, 4, 4, 8]), input('key', [1, 4, 4, 8])];
  const y = crossAttention('y', x, { x, query: x, key });
  refused(
    () => backpropagate(y, input('dy', x.shape), [key]),
    'internal',
    /^internal: y: streamed attention has no gradient, use weights$/,
  );
});

test.run();
