// The benchmark's pure parts: names of cases, who runs next, ratios, and memory told from a plan.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { agrees, checkFinite, differenceOf, engineTimes, pairsOf, ratiosOf } from '../../bench/assemble.ts';
import { estimate, leftOut, MOST_ROUNDS, nextRound, shareOf } from '../../bench/budget.ts';
import { casesOf, choosePeers, parseCase } from '../../bench/cases.ts';
import { plannedMemory } from '../../bench/memory.ts';
import type { CaseResult } from '../../bench/results.ts';
import { modelGraph } from '../../src/engine/checkModel.ts';
import { PlumageError } from '../../src/errors.ts';
import { plan } from '../../src/graph/plan.ts';
import { defaultTarget } from '../../src/graph/target.ts';

const kernels = new Map([['conv2d/1x1/7x7/512-2048', 3]]);

/** Fails with one line that has this in it. */
const refuses = (work: () => unknown, part: string) =>
  assert.throws(work, (error: unknown) => {
    return error instanceof PlumageError && error.message.includes(part) && !error.message.includes('\n');
  });

test('names of cases', () => {
  const network = { network: 'resnet50', size: 64, batch: 2 };
  assert.equal(parseCase('resnet50/64/2', kernels), { name: 'resnet50/64/2', suite: 'resnet50', ...network });
  assert.equal(parseCase('cold/resnet50/64/2', kernels), { name: 'cold/resnet50/64/2', suite: 'cold', ...network });
  const lite = parseCase('memory/finegrained/lite/448/1', kernels);
  assert.equal([lite.suite, lite.network, lite.size, lite.batch], ['memory', 'lite', 448, 1]);
  const kernel = parseCase('kernels/conv2d/1x1/7x7/512-2048', kernels);
  assert.equal([kernel.suite, kernel.kernel, kernel.count], ['kernels', 'conv2d/1x1/7x7/512-2048', 3]);
});

test('unknown names are refused by name', () => {
  for (const name of [
    '',
    'resnet50',
    'resnet50/224',
    'resnet18/224/1',
    'finegrained/tiny/224/1',
    'kernels/x',
    'cold/x',
  ]) {
    refuses(() => parseCase(name, kernels), `got ${name},`);
  }
  refuses(() => parseCase('resnet50/16/1', kernels), 'size: got 16');
  refuses(() => parseCase('resnet50/224/0', kernels), 'batch: got 0');
  refuses(() => casesOf('speed', false, kernels), 'got speed');
  refuses(() => choosePeers('tfjs', ['plumage', 'tfjs-webgpu']), 'got tfjs');
});

test('suites: all by default, batch 8 only in full', () => {
  const names = (suite: string | undefined, full: boolean) => casesOf(suite, full, kernels).map(({ name }) => name);
  assert.is(names(undefined, false)[0], 'resnet50/224/1');
  assert.ok(names(undefined, false).includes('kernels/conv2d/1x1/7x7/512-2048'));
  assert.not.ok(names(undefined, false).includes('resnet50/224/8'));
  assert.equal(names('resnet50', true), ['resnet50/224/1', 'resnet50/224/8']);
  assert.equal(names('finegrained', false), ['finegrained/lite/224/1', 'finegrained/paper/224/1']);
});

test('peers: ours always, first, and each once', () => {
  const known = ['plumage', 'a', 'b'];
  assert.equal(choosePeers(undefined, known), known);
  assert.equal(choosePeers('b', known), ['plumage', 'b']);
  assert.equal(choosePeers('b,plumage,b', known), ['plumage', 'b']);
  assert.equal(choosePeers('', known), ['plumage']);
  assert.equal(choosePeers(undefined, known, ['plumage', 'a']), ['plumage', 'a']);
  assert.equal(choosePeers('b', known, ['plumage', 'a']), ['plumage', 'b']);
});

test('rounds: two for all, then those for whom there is time, never ours alone', () => {
  assert.equal(nextRound({ plumage: [], slow: [], fast: [] }, 0), ['plumage', 'slow', 'fast']);
  assert.equal(nextRound({ plumage: [1], slow: [50], fast: [2] }, -100), ['plumage', 'slow', 'fast']);
  const twice = { plumage: [1, 1], slow: [50, 50], fast: [2, 2] };
  assert.equal(nextRound(twice, 100), ['plumage', 'slow', 'fast']);
  assert.equal(nextRound(twice, 10), ['plumage', 'fast']);
  assert.equal(nextRound(twice, 2), []);
  // A peer that sat out a round stays out.
  assert.equal(nextRound({ plumage: [1, 1, 1], slow: [50, 50], fast: [2, 2, 2] }, 1000), ['plumage', 'fast']);
  assert.equal(nextRound({ plumage: Array(MOST_ROUNDS).fill(1), fast: Array(MOST_ROUNDS).fill(1) }, 1e9), []);
  assert.equal(nextRound({ plumage: [1, 1] }, 1e9), [], 'ours alone');
});

test('a run ends whatever its peers take', () => {
  const cost: Record<string, number> = { plumage: 10, slow: 500, fast: 40 };
  const runs: Record<string, number[]> = { plumage: [], slow: [], fast: [] };
  let left = 2000;
  for (let names = nextRound(runs, left); names.length > 0; names = nextRound(runs, left)) {
    for (const name of names) {
      runs[name]!.push(cost[name]!);
      left -= cost[name]!;
    }
  }
  assert.ok(left >= 0, `${left} left`);
  assert.ok(runs.slow!.length >= 2 && runs.fast!.length > runs.slow!.length);
  assert.is(runs.plumage!.length, runs.fast!.length);
});

test('shares add up to the budget', () => {
  const suites = casesOf(undefined, false, kernels).map(({ suite }) => suite);
  let left = 1000;
  suites.forEach((_, i) => {
    const share = shareOf(suites.slice(i), left);
    assert.ok(share > 0 && share <= left);
    left -= share;
  });
  assert.ok(Math.abs(left) < 1e-6);
  assert.is(shareOf(['cold'], -5), 0);
});

test('what cannot be done in time is left out in words', () => {
  assert.is(leftOut(estimate(undefined, 1e9), 0), undefined, 'unknown: tried');
  assert.is(leftOut(estimate(1e-6, 1e9), 10_000), undefined);
  assert.match(leftOut(estimate(1e-6, 1e9), 2000)!, /about 4 s, 2 s of the budget left.*--budget/);
});

test('medians, pairs, and ratios over the rounds that both took part in', () => {
  const engines = {
    plumage: engineTimes(9, [2, 4, 9]),
    peer: engineTimes(90, [20, 60]),
  };
  assert.equal([engines.plumage.median, engines.plumage.min, engines.plumage.max], [4, 2, 9]);
  assert.equal(pairsOf(engines), { peer: [10, 15] });
  const result = { engines } as unknown as CaseResult;
  assert.equal(ratiosOf({ a: result, b: { engines: {} } as CaseResult }), { a: { peer: 40 / 3 } });
});

test('outputs that differ, or are no numbers, do not agree', () => {
  const ours = Float32Array.of(1, -8, 3);
  assert.equal(differenceOf(ours, [1, -8, 2.5]), { difference: 0.5, magnitude: 8 });
  assert.ok(agrees(differenceOf(ours, [1, -8.001, 3])));
  assert.not.ok(agrees(differenceOf(ours, [1, -8.1, 3])));
  assert.not.ok(agrees(differenceOf(ours, [1, Number.NaN, 3])));
  assert.not.ok(agrees({ difference: null as unknown as number, magnitude: 8 }), 'as JSON leaves it');
  assert.throws(() => differenceOf(ours, [1, 2]), /2 values/);
  checkFinite('peer', ours);
  assert.throws(() => checkFinite('peer', Float32Array.of(1, Number.NaN)), /^peer gives numbers that are not finite/);
});

test("memory over a plan: the most alive at once is the plan's lower bound", () => {
  const config = {
    model: 'plain',
    variant: 'v1',
    eps: 1e-3,
    preprocessing: 'keras',
    size: 64,
    classes: ['a', 'b'],
  } as const;
  const { alive, lowerBoundBytes, activationBytes, values } = plannedMemory(
    plan(modelGraph(config, [1, 64, 64, 3]), defaultTarget()),
  );
  assert.is(Math.max(...alive), lowerBoundBytes);
  assert.ok(activationBytes >= lowerBoundBytes);
  assert.ok(values!.every(({ first, last }) => first <= last));
});

test.run();
