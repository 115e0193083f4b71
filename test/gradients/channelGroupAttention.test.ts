import { test } from 'uvu';
import {
  type ChannelAttentionOptions,
  channelAttention,
  channelGroupAttention,
} from '../../src/graph/ops/channelGroupAttention.ts';
import type { Family } from '../../src/graph/target.ts';
import { checkGradients } from '../harness/gradient.ts';
import { families } from '../harness/graph.ts';

const [n, channels] = [2, 24];
type Values = ArrayLike<number>;

/** x + beta S X_g by the formulas, f64: E = s X X^T / sqrt(N), or of unit rows over tau. */
function forward(x: Values, beta: number, positions: number, options: ChannelAttentionOptions): Float64Array {
  const { groups, scale, sign = 1, normalise, tau = 0.1 } = options;
  const c = channels / groups;
  const y = Float64Array.from(x);
  const divisor = normalise ? tau : scale === 'n' ? positions : Math.sqrt(positions);
  for (let image = 0; image < n; image++)
    for (let g = 0; g < groups; g++) {
      const at = (i: number, p: number) => (image * positions + p) * channels + g * c + i;
      const dot = (i: number, j: number) => {
        let sum = 0;
        for (let p = 0; p < positions; p++) sum += x[at(i, p)]! * x[at(j, p)]!;
        return sum;
      };
      const norms = Array.from({ length: c }, (_, i) => (normalise ? Math.max(Math.sqrt(dot(i, i)), 1e-12) : 1));
      for (let i = 0; i < c; i++) {
        const E = norms.map((norm, j) => (sign * dot(i, j)) / (norms[i]! * norm) / divisor);
        const exps = E.map((e) => Math.exp(e - Math.max(...E)));
        const total = exps.reduce((a, b) => a + b);
        exps.forEach((e, j) => {
          for (let p = 0; p < positions; p++) y[at(i, p)]! += ((beta * e) / total) * x[at(j, p)]!;
        });
      }
    }
  return y;
}

const check = (
  h: number,
  w: number,
  beta: number,
  options: ChannelAttentionOptions,
  among: readonly Family[] = ['software'],
) =>
  checkGradients({
    families: among,
    inputs: { x: { shape: [n, h, w, channels] }, beta: { shape: [1], data: Float32Array.of(beta) } },
    build: ({ x, beta }) => channelGroupAttention('y', x!, beta!, channelAttention('S', x!, options)),
    forward: ({ x, beta }) => forward(x!, beta![0]!, h * w, options),
    entries: 60,
  });

test('channelGroupAttention: gradients, 3 groups, 9 positions', () => check(3, 3, -0.75, { groups: 3 }));
test('channelGroupAttention: gradients at beta 0, 20 positions', () => check(4, 5, 0, { groups: 6 }));
test('channelGroupAttention: gradients, sign -1, divided by N', () =>
  check(3, 3, 0.5, { groups: 3, sign: -1, scale: 'n' }));
test('channelGroupAttention: gradients, normalised, tau 0.5, sign -1', () =>
  check(3, 3, -0.75, { groups: 3, normalise: true, tau: 0.5, sign: -1 }, families));

test.run();
