// An evaluation's file, its merge, its text and its page, without a model.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { evaluationJson, resultText } from '../../src/cli/evalText.ts';
import { labelledFor } from '../../src/cli/modelClasses.ts';
import {
  type EvaluationFacts,
  evaluation,
  evaluationText,
  type ImageResult,
  mergeEvaluations,
  outcome,
  readEvaluation,
  readEvaluationPart,
} from '../../src/data/evaluation.ts';
import { ofShard } from '../../src/data/shards.ts';
import { evaluationPage } from '../../src/report/evaluation.ts';
import { refused } from '../harness/refused.ts';

const classes = ['ant', 'bee <b>', 'cat'];
const facts: EvaluationFacts = {
  ...{ model: 'm.safetensors', network: 'plumage', data: '/data', dataset: 'folder', split: 'test' },
  ...{ banner: 0, precision: 'f32', adapters: ['A'], classes },
};
const images: ImageResult[] = [
  { file: 'test/ant/1.jpg', label: 0, top: [0, 1, 2], probability: 0.9, concat: 0 },
  { file: 'test/ant/2.jpg', label: 0, top: [1, 0, 2], probability: 0.8, concat: 0 },
  { file: 'test/ant/3.jpg', label: 0, error: 'test/ant/3.jpg: decoding, got x' },
  { file: 'test/bee/1.jpg', label: 1, top: [0, 1, 2], probability: 0.7, concat: 0 },
  { file: 'test/bee/2.jpg', label: 1, top: [1, 0, 2], probability: 0.6, concat: 1 },
];
const part = (shard: number, of: number, fingerprint = 'f00d') => {
  const own = { made: 'eval', fingerprint, shard, of } as const;
  return readEvaluationPart(evaluationText(evaluation(facts, ofShard(images, own), own)), `${shard}.json`);
};

test('an outcome: classes by logit, of equal ones the first; its probability; the class of concat', () => {
  const said = outcome(2, new Float32Array([0, Math.log(2), Math.log(2), -1e30]), new Float32Array([0, 0, 1, 1]));
  assert.equal(said, { label: 2, top: [1, 2, 0, 3], probability: 0.4, concat: 2 });
  refused(() => outcome(0, new Float32Array([0, Number.NaN]), new Float32Array(2)), 'input', /not all finite/);
});

test('the file reads back as it was, an image a line', () => {
  const whole = evaluation(facts, images);
  const text = evaluationText(whole);
  assert.equal(readEvaluation(text, 'a.json'), JSON.parse(JSON.stringify(whole)));
  assert.is(text.trim().split('\n').length, images.length + 2);
  assert.equal([whole.unread, whole.metrics.images, whole.metrics.top1, whole.metrics.concat], [1, 4, 0.5, 0.75]);
});

test('merged shards are the unsharded file, byte for byte, however many there are', () => {
  const whole = evaluationText(evaluation(facts, images));
  for (const of of [1, 2, 3, 5, 9]) {
    const parts = Array.from({ length: of }, (_, i) => part(of - i, of));
    assert.is(evaluationText(mergeEvaluations(parts)), whole, `${of} shards`);
  }
});

test('parts that make no whole, and files that are none, are refused', () => {
  refused(() => mergeEvaluations([part(1, 3), part(3, 3)]), 'input', /got 2 of 3, missing 2/);
  refused(() => mergeEvaluations([part(1, 2), part(2, 2, 'beef')]), 'input', /fingerprint, got beef, expected f00d/);
  const whole = evaluationText(evaluation(facts, images));
  refused(() => readEvaluationPart(whole, 'a.json'), 'input', /^a\.json: part, got a whole evaluation/);
  for (const text of ['', '{}', 'null', '[]', whole.slice(0, -9)]) {
    refused(() => readEvaluationPart(text, 'a.json'), 'input', /^a\.json: is no part/);
  }
});

test('the text has shares with their errors, pairs and what could not be read', () => {
  const text = resultText(evaluation(facts, images));
  assert.match(text, /^m\.safetensors on \/data, test\n/);
  assert.match(text, /\n {2}top-1 of combined +50\.0 % +± 25\.0 +2 of 4\n/);
  assert.match(text, /\n {2}top-1 of concat +75\.0 %/);
  assert.match(text, /\n {2}mean of classes +50\.0 % +1 of 3 without an image\n/);
  assert.match(text, /\n {2}ant as bee <b> +1 +bee <b> as ant +1\n/);
  assert.match(text, /\n1 of 5 images could not be read/);
  assert.not.match(resultText(evaluation({ ...facts, network: 'plain' }, images)), /concat/);
  assert.match(resultText(evaluation(facts, [])), /no image/);
});

test('the JSON has all but the images, and names those that could not be read', () => {
  const json = evaluationJson(evaluation(facts, images));
  assert.not.ok('images' in json);
  assert.equal(json.pairs, [{ a: 'ant', b: 'bee <b>', aAsB: 1, bAsA: 1 }]);
  assert.equal(json.unreadImages, [images[2]]);
});

test('the page is one file with photos inside, safe, and loads nothing', () => {
  const photos = new Map([['test/ant/2.jpg', 'data:image/jpeg;base64,AAAA']]);
  const page = evaluationPage(evaluation(facts, images), photos, '1.0.0');
  assert.match(page, /<h1>50\.0 % of 4 images right<\/h1>/);
  assert.match(
    page,
    /<img src="data:image\/jpeg;base64,AAAA" alt="test\/ant\/2\.jpg: ant taken for bee &lt;b&gt;, 80 % sure"/,
  );
  assert.is(page.match(/<img /g)!.length, 1);
  assert.match(page, /test\/ant\/3\.jpg: decoding, got x/);
  assert.not.match(page, /bee <b>|<script|src="http|href=|undefined|NaN/);
});

test('pages of two and of 200 classes, and of no image', () => {
  for (const many of [2, 60, 200]) {
    const names = Array.from({ length: many }, (_, i) => `class_${i}`);
    const results = names.map((_, label) => {
      return { file: `${label}.jpg`, label, top: [label ^ 1, label], probability: 0.5, concat: label };
    });
    const page = evaluationPage(evaluation({ ...facts, classes: names }, results), new Map(), '1.0.0');
    assert.match(page, new RegExp(`Confusion matrix of ${many} classes`));
    assert.is(page.match(/fill-opacity/g)!.length, many);
    assert.not.match(page, /undefined|NaN/);
  }
  assert.not.match(evaluationPage(evaluation(facts, []), new Map(), '1.0.0'), /undefined|NaN/);
});

test('images take the class numbers of the model by name; lists that disagree are refused, with the first difference', () => {
  const check = (model: string[], data: string[]) => () => labelledFor({ root: 'dir', classes: data }, model, 'm');
  const images = [0, 1].map((label) => ({ file: `${label}.jpg`, label }));
  const labels = (model: string[]) => check(model, ['a', 'b'])()(images).map(({ label }) => label);
  assert.equal(labels(['a', 'b']), [0, 1]);
  assert.equal(labels(['b', 'a']), [1, 0]);
  refused(
    check(['a', 'b'], ['a', 'c']),
    'input',
    /^dir has 2 classes, m has 2: "c" is none of the model - make the model/,
  );
  refused(
    check(['a', 'b'], ['a']),
    'input',
    /^dir has 1 classes, m has 2: "b" is none of the data set - make the model/,
  );
  refused(
    check(['a'], ['a', 'b']),
    'input',
    /^dir has 2 classes, m has 1: "b" is none of the model - name those of the model by --classes/,
  );
});

test.run();
