// `plumage tune` where it needs no GPU: what it prints, --clear, and values that it refuses.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { resultText, summarise } from '../../src/cli/tune.ts';
import type { TuneResult } from '../../src/gpu/tuner.ts';

const folder = mkdtempSync(join(tmpdir(), 'plumage-tune-'));
test.after(() => rmSync(folder, { recursive: true }));

function plumage(...args: string[]): { status: number | null; out: string; err: string } {
  const env = { ...process.env, PLUMAGE_CACHE: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.js', 'tune', ...args], { env });
  return { status, out: `${stdout}`, err: `${stderr}` };
}

const result: TuneResult = {
  choices: { conv: 'split', linear: '16x1', broken: 'b', before: 'x' },
  measured: [
    { key: 'conv', form: 'direct', uses: 3, milliseconds: 8, difference: 0 },
    { key: 'conv', form: 'split', uses: 3, milliseconds: 4, difference: 1e-7 },
    { key: 'conv', form: 'wrong', uses: 3, rejected: 'differs by 1.0e+0, bound 0.00001' },
    { key: 'linear', form: '16x1', uses: 1, milliseconds: 2, difference: 0 },
    { key: 'linear', form: '4x1', uses: 1, milliseconds: 2.01, difference: 0 },
    { key: 'broken', form: 'a', uses: 1, rejected: 'shaders/a.wgsl:1:1 no' },
    { key: 'broken', form: 'b', uses: 1, milliseconds: 1, difference: 0 },
  ],
  notReached: 2,
};

test('a row for each layer that has a time for the first choice and for the best', () => {
  assert.equal(
    summarise(result).map(({ key, first, chosen }) => [key, first.form, chosen.form]),
    [
      ['conv', 'direct', 'split'],
      ['linear', '16x1', '16x1'],
    ],
  );
});

test('the table, untuned against tuned for all uses, what was rejected and what was not reached', () => {
  const text = resultText(result, 'Card');
  assert.match(text, /^Card\n {2}layer +uses +first choice +time +best +time +gain\n/);
  assert.match(text, /\n {2}conv +3 +direct +8\.0 ms +split +4\.0 ms +2\.00x\n/);
  assert.match(text, /\n {2}linear +1 +16x1 +2\.0 ms +16x1 +2\.0 ms\n/);
  assert.match(text, /\n {2}rejected {2}conv: wrong: differs by 1\.0e\+0/);
  assert.match(text, /\n {2}rejected {2}broken: a: shaders/);
  assert.match(text, /\n {2}untuned 26 ms, tuned 14 ms: 1\.86x\n/);
  assert.match(text, /\n {2}2 not reached/);
  assert.match(text, /\n {2}4 choices for this adapter at .*kernel-choices\.json$/);
});

test('nothing to time is said so', () => {
  const text = resultText({ choices: { conv: 'a' }, measured: [], notReached: 0 }, 'Card');
  assert.match(text, /^Card\n {2}nothing to time: every layer was timed before\n {2}1 choices/);
});

test('--clear says what was removed, also in JSON', () => {
  const file = join(folder, 'kernel-choices.json');
  assert.equal(plumage('--clear'), { status: 0, out: `nothing was kept at ${file}\n`, err: '' });
  const keep = () => writeFileSync(file, JSON.stringify({ adapters: { one: {}, two: {} } }));
  keep();
  assert.equal(plumage('--clear'), { status: 0, out: `removed ${file}, choices for 2 adapters\n`, err: '' });
  assert.not(existsSync(file));
  keep();
  assert.equal(JSON.parse(plumage('--clear', '--json').out), { file, removed: true, adapters: 2 });
  assert.equal(JSON.parse(plumage('--clear', '--json').out), { file, removed: false, adapters: 0 });
  mkdirSync(file);
  const { status, err } = plumage('--clear');
  assert.is(status, 1);
  assert.match(err, /^plumage: .*kernel-choices\.json: cannot be removed: [^\n]*\n$/);
  rmSync(file, { recursive: true });
});

test('wrong values are refused in one line before anything is opened', () => {
  for (const [args, pattern] of [
    [['--budget', '-1'], /^plumage: option '--budget <seconds>' argument '-1' is invalid/],
    [['--budget', ' '], /Expected seconds, 0 or more/],
    [['--batch', '0'], /^plumage: option '--batch <n>' argument '0' is invalid/],
    [['--size', '31'], /^plumage: --size: pixels, got 31, expected at least 32/],
    [['--model', 'no.safetensors'], /^plumage: no\.safetensors: weights: no such file/],
  ] as const) {
    const { status, out, err } = plumage(...args);
    assert.is(status, 1);
    assert.is(out, '');
    assert.match(err, pattern);
    assert.is(err.trim().split('\n').length, 1, err);
  }
});

test.run();
