// What the benchmark's reader accepts and refuses.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readResults } from '../../bench/report/readResults.ts';
import type { Results } from '../../bench/results.ts';
import { PlumageError } from '../../src/errors.ts';

const results: Results = {
  version: 1,
  plumage: '0.2.0',
  date: '2026-11-23T20:14:00.000Z',
  browser: 'Chrome/147',
  adapter: { name: 'GPU', vendor: 'v', architecture: 'a', family: 'discrete', software: false },
  precision: 'f32',
  ceilings: { fmaGflops: 36, copyGigabytes: 6.4, sweep: [{ workgroup: 64, accumulators: 4, gflops: 36 }] },
  cases: {},
  ratios: {},
};

test('what is no results file is refused in one line that names file, field and finding', () => {
  const spoil = (change: object) => JSON.stringify({ ...results, ...change });
  const times = { first: 2, runs: [1], median: 'fast', min: 1, max: 1 };
  const refusals: [text: string, expected: RegExp][] = [
    ['', /not JSON, got an empty file/],
    ['<!doctype html>\n<html>', /not JSON, got <!doctype html> <html>/],
    ['[1]', /the file, got a list, expected an object/],
    [spoil({ version: 2 }), /version, got 2, expected 1/],
    [spoil({ adapter: undefined }), /adapter, got nothing/],
    [spoil({ ratios: undefined }), /ratios, got nothing/],
    [spoil({ precision: 'f64' }), /precision, got "f64", expected f32 or f16/],
    [spoil({ cases: { a: { suite: 'nets' } } }), /cases\["a"\]\.suite, got "nets"/],
    [
      spoil({ cases: { a: { suite: 'cold', engines: { b: times } } } }),
      /cases\["a"\]\.engines\["b"\]\.median, got "fast"/,
    ],
    [spoil({ cases: { a: { suite: 'cold', layers: [{}] } } }), /cases\["a"\]\.layers\[0\]\.name, got nothing/],
  ];
  for (const [text, expected] of refusals) {
    try {
      readResults(text, 'old.json');
      assert.unreachable(text);
    } catch (error) {
      assert.instance(error, PlumageError);
      assert.match((error as Error).message, expected);
      assert.match((error as Error).message, /^old\.json: [^\n]* - make the file with npm run bench/);
    }
  }
});

test('a case needs no more than its suite', () => {
  const read = readResults(JSON.stringify({ ...results, ceilings: undefined, cases: { a: { suite: 'cold' } } }), 'f');
  assert.equal(read.cases.a!.engines, {});
  assert.is(read.ceilings.fmaGflops, 0);
});

test.run();
