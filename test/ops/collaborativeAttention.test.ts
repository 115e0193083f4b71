import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { input, type Node } from '../../src/graph/node.ts';
import { attentionMap } from '../../src/graph/ops/attentionMap.ts';
import {
  attentionWeights,
  collaborativeAttention,
  crossAttention,
} from '../../src/graph/ops/collaborativeAttention.ts';
import { plan } from '../../src/graph/plan.ts';
import { printPlan } from '../../src/graph/print.ts';
import { defaultTarget, type Family } from '../../src/graph/target.ts';
import { evaluate, families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

const [n, d, r] = [2, 24, 12];
/** Heights and widths of three branches, numbers of positions that are no multiples of 4 among them. */
const sizes = [
  [6, 7],
  [3, 5],
  [2, 2],
] as const;
const positions = [42, 15, 4] as const;
const pairs = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;
const gammas = Float32Array.of(0.7, -1.5, 0.3);

type Feeds = Record<string, Float32Array>;

/** x0 .. x2, and for every pair ab: q (of a) and k (of b). */
function feedsOf(scale = 1): Feeds {
  const feeds: Feeds = { gamma: gammas };
  positions.forEach((count, i) => {
    feeds[`x${i}`] = randomValues(n * count * d, i + 1);
  });
  for (const [a, b] of pairs) {
    feeds[`q${a}${b}`] = randomValues(n * positions[a] * r, 10 * a + b, scale);
    feeds[`k${a}${b}`] = randomValues(n * positions[b] * r, 20 * a + b, scale);
  }
  return feeds;
}

const softmax = (values: readonly number[]): number[] => {
  const largest = Math.max(...values);
  const exps = values.map((v) => Math.exp(v - largest));
  const total = exps.reduce((a, b) => a + b);
  return exps.map((v) => v / total);
};
const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Z and the maps by the formulas as they are published: for every pair A, P over a's positions, R over b's. f64. */
function published(feeds: Feeds) {
  const z = positions.map((count, i) => Float64Array.from(feeds[`x${i}`]!, (v) => v).subarray(0, n * count * d));
  const maps = positions.map((count) => new Float64Array(n * count));
  for (const [a, b] of pairs)
    for (let image = 0; image < n; image++) {
      const [na, nb] = [positions[a], positions[b]];
      const at = (name: string, position: number, count: number, channels: number, c: number) =>
        feeds[name]![(image * count + position) * channels + c]!;
      const A = range(na).map((i) =>
        range(nb).map((j) => {
          const products = range(r).map((c) => at(`q${a}${b}`, i, na, r, c) * at(`k${a}${b}`, j, nb, r, c));
          return products.reduce((x, y) => x + y) / Math.sqrt(r);
        }),
      );
      const R = A.map(softmax);
      const columns = range(nb).map((j) => softmax(A.map((row) => row[j]!)));
      const P = range(na).map((i) => columns.map((column) => column[i]!));
      for (const i of range(na))
        for (const j of range(nb)) {
          maps[a]![image * na + i]! += P[i]![j]! / nb / 2;
          maps[b]![image * nb + j]! += R[i]![j]! / na / 2;
          for (const c of range(d)) {
            z[b]![(image * nb + j) * d + c]! += gammas[b]! * at(`x${a}`, i, na, d, c) * P[i]![j]!;
            z[a]![(image * na + i) * d + c]! += gammas[a]! * at(`x${b}`, j, nb, d, c) * R[i]![j]!;
          }
        }
    }
  return { z, maps };
}

/** The graph in both forms: z0 .. z2 streamed, w0 .. w2 by weights, map0 .. map2, and all weights. */
function graph(): Record<string, Node> {
  const x = sizes.map(([h, w], i) => input(`x${i}`, [n, h, w, d]));
  const gamma = input('gamma', [3]);
  const projected = new Map<string, Node>();
  for (const [a, b] of pairs) {
    projected.set(`${a}${b}`, input(`q${a}${b}`, [n, ...sizes[a], r]));
    projected.set(`${b}${a}`, input(`k${a}${b}`, [n, ...sizes[b], r]));
  }
  const weights = new Map<string, Node>();
  const outputs: Record<string, Node> = {};
  const others = (i: number) => [0, 1, 2].filter((j) => j !== i);
  for (const i of [0, 1, 2])
    for (const j of others(i)) {
      const node = attentionWeights(`weights${i}${j}`, projected.get(`${i}${j}`)!, projected.get(`${j}${i}`)!);
      weights.set(`${i}${j}`, node);
      outputs[node.name] = node;
    }
  for (const i of [0, 1, 2]) {
    const streamed = others(i).map((j) => ({
      x: x[j]!,
      query: projected.get(`${i}${j}`)!,
      key: projected.get(`${j}${i}`)!,
    }));
    const weighed = others(i).map((j) => ({ x: x[j]!, weights: weights.get(`${i}${j}`)! }));
    const receiver = { x: x[i]!, gamma, index: i };
    outputs[`z${i}`] = collaborativeAttention(`z${i}`, { ...receiver, senders: streamed });
    outputs[`w${i}`] = collaborativeAttention(`w${i}`, { ...receiver, senders: weighed });
    const looks = others(i).map((j) => weights.get(`${j}${i}`)!) as [Node, Node];
    outputs[`map${i}`] = attentionMap(`map${i}`, x[i]!, looks);
  }
  return outputs;
}

const largest = (values: ArrayLike<number>): number => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
function close(got: Float32Array, expected: ArrayLike<number>, bound: number, what: string): void {
  assert.is(got.length, expected.length, what);
  const worst = largest(got.map((v, i) => v - expected[i]!));
  assert.ok(worst <= bound, `${what}: differs by ${worst}, more than ${bound}`);
}

/** `evaluate` with the feeds that the outputs need. */
function run(outputs: Record<string, Node>, feeds: Feeds, family: Family) {
  const names = plan(outputs, defaultTarget()).inputs.map(({ name }) => name);
  return evaluate(outputs, Object.fromEntries(names.map((name) => [name, feeds[name]!])), {}, family);
}

/** All outputs; on the kernels for GPUs, which software adapters are slow to compile, one receiver in both forms. */
const outputsFor = (family: Family): Record<string, Node> => {
  const all = graph();
  if (family === 'software') return all;
  const { z0, w0, weights01 } = all as { z0: Node; w0: Node; weights01: Node };
  return { z0, w0, weights01 };
};

for (const family of families) {
  test(`collaborativeAttention: both forms and the maps against the published formulas, ${family}`, async () => {
    const feeds = feedsOf(2);
    const got = await run(outputsFor(family), feeds, family);
    const { z, maps } = published(feeds);
    for (const [name, { data }] of Object.entries(got)) {
      const i = Number(name.at(-1));
      if (/^[zw]\d/.test(name)) close(data, z[i]!, 1e-5, name);
      if (name.startsWith('map')) close(data, maps[i]!, 1e-6, name);
    }
  });

  test(`collaborativeAttention: weights and maps sum to 1, padding is 0, ${family}`, async () => {
    const got = await run(outputsFor(family), feedsOf(3), family);
    for (const [name, { shape, data }] of Object.entries(got)) {
      if (/^[zw]\d/.test(name)) continue;
      const count = positions[Number(name.at(-1))]!;
      const row = name.startsWith('map') ? count : shape[2]!;
      for (const i of range(data.length / row)) {
        const values = data.subarray(i * row, (i + 1) * row);
        const sum = values.reduce((a, b) => a + b);
        assert.ok(Math.abs(sum - 1) < 1e-5, `${name}, row ${i} sums to ${sum}`);
        assert.ok(
          values.subarray(count).every((v) => v === 0),
          `${name}, row ${i}: padding`,
        );
      }
    }
  });

  test(`collaborativeAttention: gamma 0 leaves x as it is, bit for bit, ${family}`, async () => {
    const feeds: Feeds = { ...feedsOf(2), gamma: new Float32Array(3) };
    const got = await run(outputsFor(family), feeds, family);
    for (const [name, { data }] of Object.entries(got)) {
      if (/^[zw]\d/.test(name)) assert.equal(data, feeds[`x${name.at(-1)}`]);
    }
  });
}

/** Scores of +-1e4 and 0, exact in f32: each entry of q and k is a power of 2 or 0, and sqrt(16) = 4. */
test('collaborativeAttention: scores of +-1e4, constant maps and zeros stay finite and right', async () => {
  const [receiver, sender] = [input('x0', [1, 5, 5, 8]), input('x1', [1, 7, 3, 8])];
  const [query, key] = [input('q', [1, 5, 5, 16]), input('k', [1, 7, 3, 16])];
  const gamma = input('gamma', [3]);
  const options = { x: receiver, gamma, index: 0 };
  const weights = attentionWeights('weights', query, key);
  const outputs = {
    streamed: collaborativeAttention('z', { ...options, senders: [{ x: sender, query, key }] }),
    weighed: collaborativeAttention('w', { ...options, senders: [{ x: sender, weights }] }),
  };
  const x0 = randomValues(25 * 8, 1);
  const x1 = randomValues(21 * 8, 2);
  const spread = (count: number, values: readonly number[]) =>
    Float32Array.from({ length: count * 16 }, (_, i) => (i % 16 === 0 ? values[(i / 16) % values.length]! : 0));
  const cases: Record<string, { x1: Float32Array; q: Float32Array; k: Float32Array }> = {
    saturated: { x1, q: spread(25, [200, -200, 0, 100]), k: spread(21, [200, -200, 200, 0, 199]) },
    constant: { x1: new Float32Array(21 * 8).fill(0.625), q: spread(25, [2]), k: spread(21, [3]) },
    zeros: { x1: new Float32Array(21 * 8), q: new Float32Array(25 * 16), k: new Float32Array(21 * 16) },
  };
  for (const [name, feeds] of Object.entries(cases)) {
    for (const family of families) {
      const { streamed } = outputs;
      const wanted: Record<string, Node> = family === 'software' ? outputs : { streamed };
      const got = await evaluate(wanted, { x0, ...feeds, gamma: gammas }, {}, family);
      const expected = x0.map((v, i) => {
        const [row, c] = [Math.floor(i / 8), i % 8];
        const scores = range(21).map((j) => (feeds.q[row * 16]! * feeds.k[j * 16]!) / 4);
        const sum = softmax(scores).reduce((total, weight, j) => total + weight * feeds.x1[j * 8 + c]!, 0);
        return v + gammas[0]! * sum;
      });
      for (const form of Object.keys(wanted)) close(got[form]!.data, expected, 2e-6, `${name}, ${form}, ${family}`);
    }
  }
});

for (const family of families) {
  test(`crossAttention: constant values come out as that constant; moved positions move what they should, ${family}`, async () => {
    const [a, b] = [input('a', [1, 4, 5, d]), input('b', [1, 3, 3, d])];
    const weights = attentionWeights('weights', b, a, { sign: -1 });
    const outputs: Record<string, Node> = {
      // With the maps themselves as query and key: the option `affinity: identity`.
      ab: crossAttention('ab', b, { x: a, query: b, key: a }),
      ba: crossAttention('ba', a, { x: b, query: a, key: b }),
      ...(family === 'software' && {
        unlike: crossAttention('unlike', b, { x: a, query: b, key: a }, { sign: -1 }),
        unlikeWeighed: crossAttention('unlikeWeighed', b, { x: a, weights }),
      }),
    };
    const data = { a: randomValues(20 * d, 1, 2), b: randomValues(9 * d, 2, 2) };
    const before = await evaluate(outputs, data, {}, family);
    if (before.unlike) {
      close(before.unlikeWeighed!.data, before.unlike.data, 1e-5, 'sign -1 in both forms');
      const negative = await evaluate(outputs, { a: data.a, b: data.b.map((v) => -v) }, {}, family);
      close(before.unlike.data, negative.ab!.data, 1e-5, 'sign -1 is the negative query');
    }

    const order = range(20).map((i) => (i * 7 + 3) % 20);
    const moved = (values: Float32Array) =>
      Float32Array.from(values, (_, i) => values[order[Math.floor(i / d)]! * d + (i % d)]!);
    const after = await evaluate(outputs, { ...data, a: moved(data.a) }, {}, family);
    close(after.ba!.data, moved(before.ba!.data), 1e-6, 'what a receives moves with a');
    close(after.ab!.data, before.ab!.data, 1e-5, 'what b receives stays');
    assert.ok(largest(after.ba!.data.map((v, i) => v - before.ba!.data[i]!)) > 0.1);

    const constant = Float32Array.from(data.b, (_, i) => Math.sin(i % d));
    const got = await evaluate(outputs, { ...data, b: constant }, {}, family);
    close(
      got.ba!.data,
      range(20 * d).map((i) => Math.sin(i % d)),
      1e-6,
      'a constant map',
    );
  });
}

test('collaborativeAttention: the print-out shows the form, streaming takes no memory of its own', () => {
  const { z0, w0 } = graph() as { z0: Node; w0: Node };
  const quads = { ...defaultTarget('software'), subgroups: true };
  const streamed = plan({ z0 }, quads);
  assert.match(printPlan(streamed), /^z0\/1 +attendQuad .*\nz0\/2 +attendQuad /m);
  assert.match(printPlan(plan({ z0 }, defaultTarget('software'))), /^z0\/1 +attend .*\nz0\/2 +attend /m);
  assert.match(printPlan(plan({ w0 }, quads)), /^weights01\/1 +matmul .*\nweights01\/2 +softmax /m);
  const fed = streamed.inputs.map(({ shape }) => 16 * Math.ceil(shape.reduce((a, b) => a * b) / 4)); // values end on 16 bytes
  const own = 4 * n * positions[0]! * d;
  assert.is(streamed.activationBytes, fed.reduce((a, b) => a + b) + own);
});

test('collaborativeAttention: refuses shapes that disagree, in one line', () => {
  const x = input('x', [1, 4, 4, 8]);
  const query = input('query', [1, 4, 4, 4]);
  const sender = { x: input('s', [1, 2, 2, 8]), query, key: input('key', [1, 2, 2, 4]) };
  const gamma = input('gamma', [3]);
  const make = (change: object, index = 0) =>
    collaborativeAttention('z', { x, gamma, index, senders: [{ ...sender, ...change }] });
  make({});
  refused(() => make({ x: input('s', [1, 2, 2, 12]) }), 'input', /^z: shape of s, got \(1, 2, 2, 12\), expected/);
  refused(() => make({ x: input('s', [1, 2, 3, 8]) }), 'input', /^z: shape of key, got \(1, 2, 2, 4\)/);
  refused(() => make({ query: input('q', [1, 4, 5, 4]) }), 'input', /^z: shape of q, got/);
  refused(() => make({ key: input('k', [1, 2, 2, 8]) }), 'input', /^z: shape of the key k, got/);
  refused(() => make({}, 3), 'input', /^z: shape of gamma, got \(3\), expected one size above 3/);
  refused(() => collaborativeAttention('z', { x, gamma, index: 0, senders: [] }), 'input', /^z: senders, got 0/);
  const odd = input('odd', [1, 4, 4, 6]);
  refused(() => attentionWeights('w', odd, odd), 'input', /^w: shape of the key odd, got .* a multiple of 4/);
  const weights = attentionWeights('w', query, sender.key);
  refused(() => crossAttention('y', x, { x, weights }), 'input', /^y: shape of w, got \(1, 16, 4\)/);
  refused(() => attentionMap('m', x, [weights, weights]), 'input', /^m: shape of weights, got \(1, 16, 4\)/);
});

test.run();
