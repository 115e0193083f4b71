import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Node } from '../../src/graph/node.ts';
import {
  type ChannelAttentionOptions,
  channelAttention,
  channelGroupAttention,
} from '../../src/graph/ops/channelGroupAttention.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

const [n, h, w, channels] = [2, 3, 3, 48]; // 9 positions: not of whole vec4, and the root is exact
const positions = h * w;
const beta = Float32Array.of(-0.75);
const shape = [n, h, w, channels] as const;

const graph = (options: ChannelAttentionOptions): Record<string, Node> => {
  const x = input('x', shape);
  const S = channelAttention('S', x, options);
  return { S, y: channelGroupAttention('y', x, input('beta', [1]), S) };
};

/** S and y by the formulas, f64: E = s X X^T / sqrt(N), or of unit rows over tau. */
function formulas(x: Float32Array, { groups, scale, sign = 1, normalise, tau = 0.1 }: ChannelAttentionOptions) {
  const c = channels / groups;
  const S = new Float64Array(n * groups * c * c);
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
      const norm = (i: number) => (normalise ? Math.max(Math.sqrt(dot(i, i)), 1e-12) : 1);
      for (let i = 0; i < c; i++) {
        const E = Array.from({ length: c }, (_, j) => (sign * dot(i, j)) / (norm(i) * norm(j)) / divisor);
        const exps = E.map((e) => Math.exp(e - Math.max(...E)));
        const total = exps.reduce((a, b) => a + b);
        exps.forEach((e, j) => {
          S[((image * groups + g) * c + i) * c + j] = e / total;
          for (let p = 0; p < positions; p++) y[at(i, p)]! += ((beta[0]! * e) / total) * x[at(j, p)]!;
        });
      }
    }
  return { S, y };
}

function close(got: Float32Array, expected: ArrayLike<number>, bound: number, what: string): void {
  assert.is(got.length, expected.length, what);
  const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - expected[i]!)), 0);
  assert.ok(worst <= bound, `${what}: differs by ${worst}, more than ${bound}`);
}

const options: Record<string, ChannelAttentionOptions> = {
  'three groups': { groups: 3 },
  'one group': { groups: 1 },
  'groups of 4 channels, sign -1, divided by N': { groups: 12, sign: -1, scale: 'n' },
  normalised: { groups: 3, normalise: true },
  'normalised, tau 0.5, sign -1': { groups: 3, normalise: true, tau: 0.5, sign: -1 },
};
for (const family of families) {
  for (const [name, option] of Object.entries(options)) {
    if (family !== 'software' && /sign|one/.test(name)) continue; // slow to compile, and no other code
    test(`channelGroupAttention: ${name}, through plan and session, ${family}`, async () => {
      const x = randomValues(n * positions * channels, 1);
      const got = await evaluate(graph(option), { x, beta }, {}, family);
      const { S, y } = formulas(x, option);
      const c = channels / option.groups;
      assert.equal(got.S!.shape, [n, option.groups, c, c]);
      assert.equal(got.y!.shape, [...shape]);
      close(got.S!.data, S, 1e-5, 'S');
      close(got.y!.data, y, 1e-5, 'y');
      for (let row = 0; row < S.length / c; row++) {
        const sum = got.S!.data.subarray(row * c, (row + 1) * c).reduce((a, b) => a + b);
        assert.ok(Math.abs(sum - 1) < 1e-5, `row ${row} of S sums to ${sum}`);
      }
    });
  }

  test(`channelGroupAttention: energies of +-1e4, constant maps and zeros stay finite and right, ${family}`, async () => {
    const length = n * positions * channels;
    const inputs = {
      saturated: Float32Array.from({ length }, (_, i) => [50, -50, 0, 25][((i * 3) % 7) % 4]!),
      constant: Float32Array.from({ length }, (_, i) => (i % channels) / 32),
      zeros: new Float32Array(length),
    };
    for (const [name, x] of Object.entries(inputs)) {
      for (const option of [{ groups: 3 }, { groups: 3, normalise: true }]) {
        const got = await evaluate(graph(option), { x, beta }, {}, family);
        const { S, y } = formulas(x, option);
        const what = `${name}${option.normalise ? ', normalised' : ''}`;
        close(got.S!.data, S, 1e-5, `S of ${what}`);
        close(got.y!.data, y, name === 'saturated' ? 5e-5 : 1e-5, `y of ${what}`); // values reach 120
      }
    }
  });
}

test('channelGroupAttention: channels moved within a group move its output, other groups stay', async () => {
  const x = randomValues(n * positions * channels, 1, 2);
  const order = (c: number) => (c >= 16 && c < 32 ? 16 + ((c * 5 + 3) % 16) : c); // the second of three groups
  const moved = (values: Float32Array) =>
    Float32Array.from(values, (_, i) => values[i - (i % channels) + order(i % channels)]!);
  const before = await evaluate(graph({ groups: 3 }), { x, beta });
  const after = await evaluate(graph({ groups: 3 }), { x: moved(x), beta });
  close(after.y!.data, moved(before.y!.data), 1e-5, 'y');
  const isOther = (i: number) => i % channels < 16 || i % channels >= 32;
  assert.ok(before.y!.data.every((v, i) => !isOther(i) || v === after.y!.data[i]));
  assert.ok(before.y!.data.some((v, i) => Math.abs(v - after.y!.data[i]!) > 0.1));
});

test('channelGroupAttention: beta 0 leaves x as it is, bit for bit', async () => {
  const x = randomValues(n * positions * channels, 1);
  const got = await evaluate({ y: graph({ groups: 3 }).y! }, { x, beta: new Float32Array(1) });
  assert.equal(got.y!.data, x);
});

test('channelGroupAttention: S as an output and S applied are one computation', () => {
  const { S, y } = graph({ groups: 3 }) as { S: Node; y: Node };
  const kernels = plan({ S, y }, defaultTarget()).dispatches.map((d) => d.kernel.name);
  assert.equal(kernels, ['matmul', 'softmax', 'matmul']);
});

test('channelGroupAttention: refuses groups and values that do not fit, in one line', () => {
  const x = input('x', shape);
  for (const groups of [0, 5, 24, 1.5, Number.NaN, -3]) {
    refused(
      () => channelAttention('S', x, { groups }),
      'input',
      /^S: groups, got .*, expected a number that divides 48/,
    );
  }
  refused(() => channelAttention('S', x, { groups: 3, normalise: true, tau: 0 }), 'input', /^S: tau, got 0/);
  const S = channelAttention('S', x, { groups: 3 });
  const gamma = input('beta', [1]);
  refused(() => channelGroupAttention('y', input('z', [n, h, w, 64]), gamma, S), 'input', /^y: shape of the weights/);
  refused(() => channelGroupAttention('y', x, x, S), 'input', /^y: shape of beta, got \(2, 3, 3, 48\)/);
});

test.run();
