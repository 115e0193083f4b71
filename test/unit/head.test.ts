// A head in JavaScript: what it answers, and what its file says and refuses.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { Head } from '../../src/train/head.ts';
import { randomValues } from '../harness/random.ts';
import { refused } from '../harness/refused.ts';

const small = new Head({
  classes: ['wren', 'robin'],
  weight: Float32Array.of(1, 0, 0, 0, 2, 0),
  bias: Float32Array.of(0.5, -0.5),
  base: 'resnet50/avgpool',
});

test('a head answers with the softmax of weight features + bias, likeliest first', () => {
  // Logits 0.5 + 1 and -0.5 + 2 * 3.
  const [first, second, more] = small.classify(Float32Array.of(1, 3, 9));
  const expected = 1 / (1 + Math.exp(1.5 - 5.5));
  assert.equal([first!.label, first!.index, second!.label, second!.index, more], ['robin', 1, 'wren', 0, undefined]);
  assert.ok(Math.abs(first!.probability - expected) < 1e-7 && Math.abs(second!.probability - (1 - expected)) < 1e-7);
  assert.is(small.classify(Float32Array.of(1, 3, 9), 1).length, 1);
  assert.is(small.features, 3);
});

test('logits far beyond the range of exp give probabilities still', () => {
  const [first, second] = small.classify(Float32Array.of(1e6, 1e5, 0));
  assert.equal([first!.label, first!.probability, second!.probability], ['wren', 1, 0]);
});

test('other features than its own are refused', () => {
  const message = /^head: features, got 2, expected 3 - this head is for features of resnet50\/avgpool$/;
  refused(() => small.classify(Float32Array.of(1, 2)), 'input', message);
  refused(() => small.classify(Float32Array.of(1, Number.NaN, 2)), 'input', /^head: feature 1, got NaN, expected/);
});

test('what is written and read gives the same answers, whatever the classes are called', () => {
  const shapes = fc.record({
    classes: fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 7 }),
    features: fc.integer({ min: 1, max: 64 }),
    base: fc.option(fc.string(), { nil: undefined }),
    seed: fc.nat(1000),
  });
  const check = ({
    classes,
    features,
    base,
    seed,
  }: {
    classes: string[];
    features: number;
    base?: string;
    seed: number;
  }) => {
    const weight = randomValues(classes.length * features, seed, 10);
    const head = new Head({ classes, weight, bias: randomValues(classes.length, seed + 1), base });
    const bytes = head.write();
    const back = Head.read(bytes);
    assert.equal([back.classes, back.features, back.base], [classes, features, base]);
    const photo = randomValues(features, seed + 2);
    assert.equal(back.classify(photo, 9), head.classify(photo, 9));
    assert.equal(back.write(), bytes);
  };
  fc.assert(fc.property(shapes, check), { numRuns: 100, seed: 4 });
});

test('the file is safetensors with the shapes of torch.nn.Linear', () => {
  const { tensors, metadata } = readSafetensors(small.write(), 'f');
  assert.equal(
    [...tensors].map(([name, { shape }]) => [name, [...shape]]),
    [
      ['head.bias', [2]],
      ['head.weight', [2, 3]],
    ],
  );
  assert.equal(JSON.parse(metadata.plumageHead!), { classes: ['wren', 'robin'], base: 'resnet50/avgpool' });
});

test('a file that is none of a head is refused in one line', () => {
  const file = (head: unknown, tensors: Record<string, [shape: number[], values: number[]]>) => {
    const all = Object.entries(tensors).map(
      ([name, [shape, values]]) => [`head.${name}`, { shape, data: Float32Array.from(values) }] as const,
    );
    const metadata = head === undefined ? {} : { plumageHead: typeof head === 'string' ? head : JSON.stringify(head) };
    return writeSafetensors({ tensors: new Map(all), metadata: metadata as Record<string, string> });
  };
  const classes = ['a', 'b'];
  const weight: [number[], number[]] = [
    [2, 1],
    [1, 2],
  ];
  const bias: [number[], number[]] = [[2], [1, 2]];
  const cases: [bytes: Uint8Array, message: RegExp][] = [
    [new Uint8Array(3), /^birds: bytes, got 3, expected a safetensors file/],
    [file(undefined, { weight, bias }), /^birds: metadata key plumageHead, got nothing, expected a head's classes - /],
    [file('[', { weight, bias }), /^birds: metadata key plumageHead is not JSON - /],
    [
      file('null', { weight, bias }),
      /^birds: classes in plumageHead, got nothing, expected two or more different names/,
    ],
    [file({ classes: ['a'] }, { weight, bias }), /^birds: classes in plumageHead, got \["a"\], expected two or more/],
    [file({ classes: ['a', 'a'] }, { weight, bias }), /^birds: classes in plumageHead, got \["a","a"\]/],
    [file({ classes: ['a', 7] }, { weight, bias }), /^birds: classes in plumageHead, got \["a",7\]/],
    [file({ classes, base: 7 }, { weight, bias }), /^birds: base in plumageHead, got 7, expected a text/],
    [file({ classes }, { bias }), /^birds: tensor head.weight, got nothing, expected shape \(2, features\) - /],
    [file({ classes }, { weight }), /^birds: tensor head.bias, got nothing, expected shape \(2\) - /],
    [
      file({ classes: ['a', 'b', 'c'] }, { weight, bias }),
      /^birds: head.weight: shape, got \(2, 1\), expected \(3, features\)/,
    ],
    [
      file({ classes }, { weight: [[2], [1, 2]], bias }),
      /^birds: head.weight: shape, got \(2\), expected \(2, features\)/,
    ],
    [file({ classes }, { weight: [[2, 0], []], bias }), /^birds: head.weight: shape, got \(2, 0\), expected/],
    [file({ classes }, { weight, bias: [[1], [1]] }), /^birds: head.bias: shape, got \(1\), expected \(2\)/],
    [
      file(
        { classes },
        {
          weight: [
            [2, 1],
            [1, Number.NaN],
          ],
          bias,
        },
      ),
      /^birds: head.weight\[1\] is NaN/,
    ],
  ];
  for (const [bytes, message] of cases) refused(() => Head.read(bytes, 'birds'), 'weights', message);
});

test.run();
