// Tables of classified photos: quoting, rows, parts and their merge.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { csvHead, csvRows, HEADER, mergeCsv, readCsvPart } from '../../src/cli/classifyCsv.ts';
import { csvLine } from '../../src/data/csv.ts';
import type { PartFacts } from '../../src/data/parts.ts';
import { refused } from '../harness/refused.ts';

/** RFC 4180 back into fields, one record. */
function parse(line: string): string[] {
  const fields = [...`,${line.slice(0, -1)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,"]*))/g)];
  return fields.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!);
}

test('what needs quotes has them, and nothing else', () => {
  assert.is(csvLine(['a/b c.jpg', 0.5, '']), 'a/b c.jpg,0.5,\n');
  assert.is(
    csvLine(['a,b', 'say "x"', 'two\nlines', ' blank', '#1']),
    '"a,b","say ""x""","two\nlines"," blank","#1"\n',
  );
});

test('every text comes back', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', '#', 'é', '鳥') });
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (fields) => {
      assert.equal(parse(csvLine(fields)), fields);
    }),
    { seed: 1 },
  );
});

test('a row for each class, one without where the photo could not be read', () => {
  const top = [
    { label: 'one, two', index: 3, probability: 0.123456789 },
    { label: 'b', index: 0, probability: 1e-9 },
  ];
  assert.is(csvRows('x.jpg', top), 'x.jpg,"one, two",3,0.123457\nx.jpg,b,0,1e-9\n');
  assert.is(csvRows('x.jpg', undefined), 'x.jpg,,,\n');
});

const facts = (shard: number, of: number, other: Partial<PartFacts> = {}): PartFacts => {
  return { made: 'classify', fingerprint: 'f00d', shard, of, ...other };
};
const part = (shard: number, of: number, rows: string, other?: Partial<PartFacts>) =>
  readCsvPart(csvHead(facts(shard, of, other)) + rows, `${shard}.csv`);

test('parts in any order become the whole table; a shard may be empty', () => {
  const merged = mergeCsv([part(3, 3, 'c,x,0,1\n'), part(1, 3, 'a,x,0,1\nb,x,0,1\n'), part(2, 3, '')]);
  assert.is(merged, `${HEADER}a,x,0,1\nb,x,0,1\nc,x,0,1\n`);
});

test('parts that make no whole are refused', () => {
  const one = part(1, 3, '');
  refused(() => mergeCsv([]), 'input', /^merge: parts, got none/);
  refused(() => mergeCsv([one]), 'input', /^merge: shards, got 1 of 3, missing 2, 3 - run these again/);
  refused(() => mergeCsv([one, { ...one, file: 'again.csv' }]), 'input', /1\.csv and again\.csv are both shard 1 of 3/);
  refused(() => mergeCsv([one, part(2, 4, '')]), 'input', /^2\.csv: part, got one of 4 .*expected one of 3/);
  refused(
    () => mergeCsv([one, part(2, 3, '', { made: 'eval' })]),
    'input',
    /plumage eval, expected .*plumage classify/,
  );
  refused(
    () => mergeCsv([one, part(2, 3, '', { fingerprint: 'beef' })]),
    'input',
    /^2\.csv: fingerprint, got beef, expected f00d, as 1\.csv has it - make all parts with the same model/,
  );
  refused(() => mergeCsv([part(1, 20, '')]), 'input', /missing 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 9 more/);
});

test('files that are no parts are refused', () => {
  const whole = `${HEADER}a,x,0,1\n`;
  const head = csvHead(facts(1, 3));
  for (const text of [
    '',
    whole,
    'file',
    head.slice(0, 30),
    head.replace('"shard":1', '"shard":4'),
    `# plumage part {\n${HEADER}`,
  ]) {
    refused(() => readCsvPart(text, 'a.csv'), 'input', /^a\.csv: is no part that plumage classify or eval wrote/);
  }
});

test.run();
