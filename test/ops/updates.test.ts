// sgd, updateStatistics and accumulate through plan, session and states.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '../../src/gpu/session.ts';
import { States } from '../../src/gpu/states.ts';
import { input, type Node, state } from '../../src/graph/node.ts';
import { accumulate } from '../../src/graph/ops/accumulate.ts';
import { sgd } from '../../src/graph/ops/sgd.ts';
import { updateStatistics } from '../../src/graph/ops/updateStatistics.ts';
import { plan } from '../../src/graph/plan.ts';
import type { Family } from '../../src/graph/target.ts';
import { testDevice } from '../harness/device.ts';
import { families } from '../harness/graph.ts';
import { randomValues } from '../harness/random.ts';

const SIZE = 7; // no whole vec4s

async function opened(effect: Node, family: Family) {
  const device = await testDevice();
  const states = new States(device);
  const session = await open(device, plan({}, { ...device.target, family }, [effect]), undefined, states);
  const close = () => {
    session.close();
    states.destroy();
  };
  return { states, run: session.run.bind(session), close };
}

/** A state is read with what fills its last vec4. */
const near = (got: Float32Array, want: readonly number[]) =>
  assert.ok(
    want.every((v, i) => Math.abs(v - got[i]!) < 1e-6),
    `got ${got}, expected ${want}`,
  );

for (const family of families) {
  test(`sgd: three steps, of which one has no finite loss, ${family}`, async () => {
    const [weight, velocity] = [state('w', [SIZE]), state('v', [SIZE])];
    const options = { rate: input('lr', [2]), index: 1, momentum: 0.9, weightDecay: 0.01 };
    const effect = sgd('step', { weight, velocity }, input('g', [SIZE]), options, input('loss', [1]));
    const { states, run, close } = await opened(effect, family);
    let w = [...randomValues(SIZE, 1)];
    let v = w.map(() => 0);
    states.write('w', Float32Array.from(w));
    for (const [step, loss] of [1, Number.NaN, 2].entries()) {
      const [g, rate] = [randomValues(SIZE, 2 + step), 0.5 / (1 + step)];
      await run({ g, lr: Float32Array.of(100, rate), loss: Float32Array.of(loss) });
      if (Number.isNaN(loss)) continue;
      v = v.map((value, i) => 0.9 * value + g[i]! + 0.01 * w[i]!);
      w = w.map((value, i) => value - rate * v[i]!);
    }
    near(await states.read('w'), w);
    near(await states.read('v'), v);
    close();
  });

  test(`updateStatistics: two steps, then one without a finite loss, ${family}`, async () => {
    const [mean, variance] = [state('mean', [3]), state('variance', [3])];
    const options = { momentum: input('m', [2]), index: 0, rows: 5 };
    const loss = input('loss', [1]);
    const effect = updateStatistics('running', { mean, variance }, input('s', [2, 3]), options, loss);
    const { states, run, close } = await opened(effect, family);
    states.write('variance', Float32Array.of(1, 1, 1));
    const s = Float32Array.of(1, 2, 3, 4, 8, 12);
    const m = Float32Array.of(0.1, 1);
    for (const value of [1, 1, Number.POSITIVE_INFINITY]) await run({ s, m, loss: Float32Array.of(value) });
    near(await states.read('mean'), [0.19, 0.38, 0.57]);
    // The unbiased variances are 5, 10, 15.
    near(await states.read('variance'), [0.81 + 0.95, 0.81 + 1.9, 0.81 + 2.85]);
    close();
  });

  test(`accumulate: starts anew and adds, ${family}`, async () => {
    const effect = accumulate('add', state('sum', [SIZE]), input('g', [SIZE]), input('keep', [1]));
    const { states, run, close } = await opened(effect, family);
    states.write('sum', new Float32Array(SIZE).fill(Number.NaN));
    for (const keep of [0, 1, 1]) {
      await run({ g: Float32Array.from({ length: SIZE }, (_, i) => i), keep: Float32Array.of(keep) });
    }
    near(await states.read('sum'), [0, 3, 6, 9, 12, 15, 18]);
    close();
  });
}

test('updates: refuse what does not fit, in one line', () => {
  const [w, v, x, one] = [state('w', [4]), state('v', [4]), input('x', [4]), input('loss', [1])];
  const options = { rate: input('lr', [2]), index: 0, momentum: 0.9, weightDecay: 0 };
  const pair = { weight: w, velocity: v };
  assert.throws(
    () => sgd('s', { weight: w, velocity: x }, x, options, one),
    /^internal: s: x, got input, expected a state/,
  );
  assert.throws(() => sgd('s', pair, input('g', [2, 2]), options, one), /^s: shape of the gradient, got \(2, 2\)/);
  assert.throws(
    () => sgd('s', pair, x, { ...options, index: 2 }, one),
    /^s: element of lr, got 2, expected a whole number/,
  );
  assert.throws(() => sgd('s', pair, x, options, x), /^s: shape of x, got \(4\), expected \(1\)/);
  const running = { mean: w, variance: v };
  const how = { momentum: options.rate, index: 0, rows: 1 };
  const message = /^u: values a channel, got 1, expected at least 2/;
  assert.throws(() => updateStatistics('u', running, input('s', [2, 4]), how, one), message);
  const wide = input('s', [2, 5]);
  assert.throws(() => updateStatistics('u', running, wide, { ...how, rows: 2 }, one), /^u: shape of w, got \(4\)/);
  assert.throws(() => accumulate('a', w, input('g', [3]), one), /^a: shape of the gradient, got \(3\), expected \(4\)/);
});

test.run();
