// A head taught on a few features: against plain loops in f64, on clusters, bit for bit, and all that is refused.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Example } from '../../src/train/examples.ts';
import { crossValidate, type TeachOptions, teach } from '../../src/train/fewShot.ts';
import { Head } from '../../src/train/head.ts';
import type { TeachProgress } from '../../src/train/lesson.ts';
import { freshDevice, testDevice } from '../harness/device.ts';
import { random, randomValues } from '../harness/random.ts';
import { rejected } from '../harness/refused.ts';
import { TAUGHT_BOUND } from '../harness/tolerance.ts';

/** `counts[k]` examples of class k, each its centre (in [0, 1), as behind a ReLU) and noise; classes take turns. */
function clusters(counts: readonly number[], length: number, seed: number, noise = 0.1): Example[] {
  const centres = counts.map((_, k) => randomValues(length, 1000 * seed + k, 0.5).map((value) => value + 0.5));
  const examples = counts.flatMap((count, k) =>
    Array.from({ length: count }, (_, i) => {
      const shift = randomValues(length, 1000 * seed + 100 * k + i + 500, noise);
      return { turn: i, label: `class ${k}`, features: centres[k]!.map((value, at) => value + shift[at]!) };
    }),
  );
  return examples.sort((a, b) => a.turn - b.turn).map(({ label, features }) => ({ label, features }));
}

/** The same head by plain loops in f64, as its documentation says. */
function reference(examples: readonly Example[], options: Required<Pick<TeachOptions, 'steps' | 'weightDecay'>>) {
  const classes = [...new Set(examples.map(({ label }) => label))];
  const [C, D] = [classes.length, examples[0]!.features.length];
  const rows = examples.map(({ label, features }) => {
    const alike = examples.filter((other) => other.label === label).length;
    return { label: classes.indexOf(label), share: 1 / (C * alike), x: Array.from(features) };
  });
  const mean = Array.from({ length: D }, (_, d) => rows.reduce((sum, { share, x }) => sum + share * x[d]!, 0));
  const variance = mean.map((m, d) => rows.reduce((sum, { share, x }) => sum + share * (x[d]! - m) ** 2, 0));
  const raised = variance.map((value) => value + 0.01 * (variance.reduce((a, b) => a + b) / D));
  const length = Math.sqrt(variance.reduce((sum, value, d) => sum + value / raised[d]!, 0));
  const scale = raised.map((value) => Math.sqrt(value) * length);
  for (const row of rows) row.x = [...row.x.map((value, d) => (value - mean[d]!) / scale[d]!), 1];
  const head = Array.from({ length: C * (D + 1) }, () => 0);
  const velocity = [...head];
  let loss = 0;
  for (let step = 0; step < options.steps; step++) {
    loss = 0;
    const slope = head.map((w) => options.weightDecay * w);
    for (const { label, share, x } of rows) {
      const logits = classes.map((_, c) => x.reduce((sum, value, d) => sum + value * head[c * (D + 1) + d]!, 0));
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      loss += share * (Math.log(total) - logits[label]!);
      logits.forEach((logit, c) => {
        const by = share * (Math.exp(logit) / total - (c === label ? 1 : 0));
        x.forEach((value, d) => {
          slope[c * (D + 1) + d]! += by * value;
        });
      });
    }
    for (let i = 0; i < head.length; i++) {
      velocity[i] = 0.9 * velocity[i]! + slope[i]!;
      head[i]! -= velocity[i]!;
    }
  }
  const rowsOfHead = classes.map((_, c) => head.slice(c * (D + 1), (c + 1) * (D + 1)));
  const weight = rowsOfHead.flatMap((row) => row.slice(0, D).map((w, d) => w / scale[d]!));
  const bias = rowsOfHead.map((row, c) => mean.reduce((sum, value, d) => sum - value * weight[c * D + d]!, row[D]!));
  return { weight, bias, loss };
}

const difference = (got: ArrayLike<number>, wanted: ArrayLike<number>): number => {
  const largest = Math.max(...Array.from(wanted, Math.abs));
  return Math.max(...Array.from(got, (value, i) => Math.abs(value - wanted[i]!))) / largest;
};

const answers = (head: Head, examples: readonly Example[]) =>
  examples.map(({ features }) => head.classify(features, 1)[0]!.label);

const wanted = (examples: readonly Example[]) => examples.map(({ label }) => label);

for (const [counts, length] of [
  [[4, 4, 4], 6],
  [[1, 5], 9],
  [[3, 1, 2, 5, 2], 16],
  [[2, 1, 3], 50], // on coordinates in the span of the examples
] as const) {
  test(`teach: loss, weight and bias are those of plain SGD in f64, ${counts.join(' + ')} examples of ${length}`, async () => {
    const device = await testDevice();
    const examples = clusters(counts, length, 1, 0.4);
    const options = { steps: 30, weightDecay: 1e-3 };
    const told: TeachProgress[] = [];
    const head = await teach({ device }, examples, { ...options, onProgress: (progress) => told.push(progress) });
    const expected = reference(examples, options);
    const off = {
      loss: Math.abs(told.at(-1)!.loss - expected.loss),
      weight: difference(head.weight, expected.weight),
      bias: difference(head.bias, expected.bias),
    };
    console.log(`  off by ${Object.entries(off).map(([name, value]) => `${name} ${value.toExponential(1)}`)}`);
    for (const [name, value] of Object.entries(off)) assert.ok(value <= TAUGHT_BOUND, `${name}: off by ${value}`);
    assert.equal(
      told.map(({ step, steps }) => [step, steps]),
      [10, 20, 30].map((step) => [step, 30]),
    );
  });
}

test('teach: clusters are told apart, those that were not seen too, in any number of classes and features', async () => {
  const device = await testDevice();
  const shapes = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 7 }),
    length: fc.integer({ min: 4, max: 64 }),
    seed: fc.integer({ min: 1, max: 1000 }),
    size: fc.constantFrom(1e-3, 1, 1e3),
  });
  const check = async ({
    counts,
    length,
    seed,
    size,
  }: {
    counts: number[];
    length: number;
    seed: number;
    size: number;
  }) => {
    const all = clusters(
      counts.map((count) => count + 3),
      length,
      seed,
      0.03,
    ).map(({ label, features }) => ({ label, features: features.map((value) => size * value) }));
    const taken = counts.map(() => 0);
    const isSeen = ({ label }: Example) => taken[Number(label.slice(6))]!++ < counts[Number(label.slice(6))]!;
    const seen = all.filter(isSeen);
    const unseen = all.filter((example) => !seen.includes(example));
    let accuracy = 0;
    const onProgress = (progress: TeachProgress) => {
      accuracy = progress.accuracy;
    };
    const head = await teach({ device }, seen, { onProgress });
    assert.is(head.features, length);
    assert.equal(answers(head, seen), wanted(seen));
    assert.equal(answers(head, unseen), wanted(unseen));
    assert.is(accuracy, 1);
    const probabilities = head.classify(unseen[0]!.features, 7).map(({ probability }) => probability);
    assert.ok(Math.abs(probabilities.reduce((a, b) => a + b) - 1) < 1e-6);
  };
  await fc.assert(fc.asyncProperty(shapes, check), { numRuns: 8, seed: 8 });
});

test('teach: the same examples give the same bits, on another device too', async () => {
  const examples = clusters([3, 2, 4], 65, 5, 0.5);
  const first = await teach({ device: await testDevice() }, examples, { steps: 40 });
  const again = await teach({ device: await testDevice() }, examples, { steps: 40 });
  const other = await freshDevice({ defaultLimits: true });
  const elsewhere = await teach({ device: other }, examples, { steps: 40 });
  other.gpu.destroy();
  assert.equal(again.write(), first.write());
  assert.equal(elsewhere.write(), first.write());
  const kept = Head.read(first.write());
  for (const { features } of examples) assert.equal(kept.classify(features), first.classify(features));
});

test('teach: classes count alike: more examples of one move no head whose examples are the same', async () => {
  const device = await testDevice();
  const [one, other] = clusters([1, 1], 12, 3) as [Example, Example];
  const even = await teach({ device }, [one, other], { steps: 50 });
  const uneven = await teach({ device }, [one, other, other, other], { steps: 50 });
  assert.ok(difference(uneven.weight, even.weight) < 1e-5);
  const middle = one.features.map((value, i) => (value + other.features[i]!) / 2);
  for (const { probability } of uneven.classify(middle)) assert.ok(Math.abs(probability - 0.5) < 1e-5);
});

test('teach: classes in the order that is asked for, and the name of the network', async () => {
  const examples = clusters([2, 2, 2], 8, 4);
  const classes = ['class 2', 'class 0', 'class 1'];
  const head = await teach({ device: await testDevice() }, examples, { classes, base: 'resnet50', steps: 100 });
  assert.equal([head.classes, head.base], [classes, 'resnet50']);
  assert.equal(answers(head, examples), wanted(examples));
});

test('crossValidate: clusters are told apart, labels at random are not, and every example is asked about once', async () => {
  const device = await testDevice();
  const told: TeachProgress[] = [];
  const examples = clusters([6, 4, 1, 2], 20, 7);
  const steps = 60;
  const good = await crossValidate({ device }, examples, { steps, onProgress: (progress) => told.push(progress) });
  assert.equal([good.right, good.tested, good.accuracy], [12, 12, 1]);
  examples.forEach(({ label }, i) => {
    assert.is(good.answers[i]?.label, label === 'class 2' ? undefined : label);
  });
  assert.equal([told.at(-1)!.step, told.at(-1)!.steps], [5 * steps, 5 * steps]);

  const next = random(3);
  const noise = Array.from({ length: 40 }, (_, i) => ({
    label: next() < 0.5 ? 'heads' : 'tails',
    features: randomValues(64, 900 + i),
  }));
  const trained: number[] = [];
  await teach({ device }, noise, { onProgress: ({ accuracy }) => trained.push(accuracy) });
  assert.is(trained.at(-1), 1, 'what was seen can be learned by heart');
  const luck = await crossValidate({ device }, noise, { steps });
  assert.is(luck.tested, 40);
  assert.ok(luck.accuracy < 0.75, `got ${luck.accuracy} of coin tosses`);
});

test('crossValidate: neighbours are left out together, so that near copies do not give each other away', async () => {
  const device = await testDevice();
  // Three photos of each of four birds of each kind; what tells birds apart is larger than what tells kinds apart.
  const bird = (kind: number, which: number) => randomValues(32, 10 * kind + which, 1);
  const examples = [0, 1].flatMap((kind) =>
    [0, 1, 2, 3].flatMap((which) =>
      [0, 1, 2].map((shot) => {
        const shake = randomValues(32, 100 * kind + 10 * which + shot + 777, 0.01);
        return { label: `kind ${kind}`, features: bird(kind, which).map((value, i) => value + shake[i]!) };
      }),
    ),
  );
  const { accuracy } = await crossValidate({ device }, examples, { folds: 4 });
  assert.ok(accuracy < 0.8, `got ${accuracy}, though nothing but the bird itself tells its kind`);
});

test('teach: refuses in one line what makes no head', async () => {
  const device = await testDevice();
  const example = (label: string, ...features: number[]): Example => ({ label, features: Float32Array.from(features) });
  const good = [example('a', 1, 2), example('b', 2, 1)];
  const cases: [examples: Example[], options: TeachOptions, message: RegExp][] = [
    [[], {}, /^teach: classes, got 0, expected at least 2 - /],
    [[good[0]!, good[0]!], {}, /^teach: classes, got 1, expected at least 2 - /],
    [good, { classes: ['a', 'b', 'c'] }, /^teach: examples of "c", got 0, expected at least 1 - /],
    [good, { classes: ['a', 'c'] }, /^teach: example 1: label, got "b", expected one of the classes/],
    [good, { classes: ['a', 'b', 'a'] }, /^teach: classes, got 3, expected 2 different/],
    [[...good, example('', 1, 1)], {}, /^teach: example 2: label, got "", expected a name/],
    [[{ ...good[0]!, label: undefined as unknown as string }, ...good], {}, /^teach: example 0: label, got undefined/],
    [
      [{ label: 'a' } as Example, ...good],
      {},
      /^teach: example 0: type of features, got undefined, expected Float32Array/,
    ],
    [[...good, example('a', 1)], {}, /^teach: example 2: features, got 1, expected 2 as before - /],
    [[example('a'), example('b')], {}, /^teach: example 0: features, got 0, expected at least 1/],
    [[good[0]!, example('b', 1, Number.NaN)], {}, /^teach: example 1: feature 1, got NaN, expected a finite number/],
    [[good[0]!, example('b', Number.POSITIVE_INFINITY, 1)], {}, /^teach: example 1: feature 0, got Infinity/],
    [
      [good[0]!, example('b', 1, 2)],
      {},
      /^teach: features, got the same in all examples, expected some that differ - /,
    ],
    [good, { steps: 0 }, /^teach: steps, got 0, expected a whole number from 1/],
    [good, { steps: 1.5 }, /^teach: steps, got 1.5/],
    [good, { learningRate: 0 }, /^teach: learningRate, got 0, expected a number above 0 up to 3/],
    [good, { learningRate: Number.NaN }, /^teach: learningRate, got NaN/],
    [good, { learningRate: 3.5 }, /^teach: learningRate, got 3.5/],
    [good, { weightDecay: -1 }, /^teach: weightDecay, got -1, expected a number from 0 to 0.1/],
    [good, { weightDecay: 1 }, /^teach: weightDecay, got 1/],
  ];
  for (const [examples, options, message] of cases) {
    await rejected(teach({ device }, examples, options), 'input', message);
  }
  await rejected(
    crossValidate({ device }, good),
    'input',
    /^crossValidate: most examples of a class, got 1, expected at least 2/,
  );
  const three = [...good, good[0]!];
  await rejected(
    crossValidate({ device }, three, { folds: 1 }),
    'input',
    /^crossValidate: folds, got 1, expected a whole number from 2/,
  );
});

test('teach: stops by the signal, before it begins and between steps, and with the device', async () => {
  const device = await freshDevice();
  const examples = clusters([2, 2], 8, 2);
  const stopped = /^teach, 0 of 300 steps: stopped by the caller's signal$/;
  await rejected(teach({ device }, examples, { signal: AbortSignal.abort() }), 'aborted', stopped);
  const abort = new AbortController();
  const onProgress = ({ step }: TeachProgress) => {
    if (step >= 20) abort.abort();
  };
  const later = /^crossValidate, 20 of 600 steps: stopped by the caller's signal$/;
  await rejected(crossValidate({ device }, examples, { signal: abort.signal, onProgress }), 'aborted', later);
  await rejected(teach({ device }, examples, { onProgress: () => device.gpu.destroy() }), 'lost');
  await device.gpu.lost;
  await rejected(teach({ device }, examples), 'lost');
  // Of an engine that has another device.
  for (const ask of [teach, crossValidate]) {
    const engine = {
      device,
      async restore() {
        engine.device = await testDevice();
      },
    };
    await ask(engine, examples, { steps: 10 });
    assert.is(engine.device, await testDevice());
  }
});

test.run();
