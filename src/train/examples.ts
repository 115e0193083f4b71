// Examples of classes made ready for training: checked, every class counted alike, moved and scaled so that a step of any size
// below 2 goes downhill.

import { mismatch } from '../errors.ts';

/** What a network says of one photo, and what is on it. */
export interface Example {
  readonly label: string;
  /** The pooled features: `model.embed(photo)`. */
  readonly features: Float32Array;
}

/** Checked examples. */
export interface ExampleSet {
  readonly classes: readonly string[];
  /** The class of each example. */
  readonly labels: readonly number[];
  /** The examples of each class. */
  readonly members: readonly (readonly number[])[];
  readonly features: readonly Float32Array[];
  /** Values of an example. */
  readonly length: number;
}

/**
 * `classes`: their order, by default that of the examples.
 * @throws PlumageError `input` for fewer than two classes, one without an example, features of different lengths, or values
 * that are not finite.
 */
export function checkExamples(where: string, examples: readonly Example[], classes?: readonly string[]): ExampleSet {
  const names = classes ?? [...new Set(examples.map(({ label }) => label))];
  if (names.length < 2)
    throw mismatch('input', where, 'classes', names.length, 'at least 2', 'add examples of another');
  const indexOf = new Map(names.map((name, index) => [name, index]));
  if (indexOf.size < names.length) throw mismatch('input', where, 'classes', names.length, `${indexOf.size} different`);
  const labels: number[] = [];
  const members: number[][] = names.map(() => []);
  const length = examples[0]?.features?.length ?? 0;
  examples.forEach(({ label, features }, i) => {
    const at = `${where}: example ${i}`;
    const index = indexOf.get(label);
    if (index === undefined || typeof label !== 'string' || label === '') {
      throw mismatch('input', at, 'label', JSON.stringify(label), classes ? 'one of the classes' : 'a name');
    }
    if (!(features instanceof Float32Array)) {
      throw mismatch('input', at, 'type of features', typeof features, 'Float32Array');
    }
    labels.push(index);
    members[index]!.push(i);
    if (features.length === 0) throw mismatch('input', at, 'features', 0, 'at least 1');
    if (features.length !== length) {
      throw mismatch('input', at, 'features', features.length, `${length} as before`, 'take them from one network');
    }
    const bad = features.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw mismatch('input', at, `feature ${bad}`, features[bad], 'a finite number');
  });
  const empty = members.findIndex((each) => each.length === 0);
  if (empty >= 0) {
    throw mismatch(
      'input',
      where,
      `examples of ${JSON.stringify(names[empty])}`,
      0,
      'at least 1',
      'add some, or leave it out',
    );
  }
  return { classes: names, labels, members, features: examples.map(({ features }) => features), length };
}

/** What each example counts: every class alike, the mean 1; 0 for those that are not among `members`. */
export function weightsOf({ features }: ExampleSet, members: ExampleSet['members']): Float64Array {
  const weights = new Float64Array(features.length);
  for (const some of members) for (const i of some) weights[i] = weights.length / (members.length * some.length);
  return weights;
}

/** x = (features - mean) / scale, feature by feature. */
export interface Normalisation {
  readonly mean: Float64Array;
  readonly scale: Float64Array;
}

/** Of the mean: what two runs of one photo differ by is no more. */
const ROUNDING = 1e-6;
/** What is learned is divided by the scale, and shall be finite. */
const SMALLEST = 1e-30;
/** Of the features' mean variance, added to each, so that those in which the examples hardly differ do not decide. */
const FLOOR = 0.01;

/**
 * What brings each feature, examples counted by `weights`, to mean 0 and about one deviation, and the examples to a mean squared
 * length of 1. `undefined` where they do not differ.
 */
export function normalisationOf({ features, length }: ExampleSet, weights: Float64Array): Normalisation | undefined {
  const mean = new Float64Array(length);
  const variance = new Float64Array(length);
  features.forEach((each, row) => {
    for (let i = 0; i < length; i++) mean[i]! += (weights[row]! * each[i]!) / features.length;
  });
  features.forEach((each, row) => {
    for (let i = 0; i < length; i++) variance[i]! += (weights[row]! * (each[i]! - mean[i]!) ** 2) / features.length;
  });
  const all = variance.reduce((sum, value) => sum + value, 0);
  const size = mean.reduce((sum, value) => sum + value * value, 0);
  if (!(Math.sqrt(all) > Math.max(SMALLEST, ROUNDING * Math.sqrt(size)))) return undefined;
  const raised = variance.map((value) => value + (FLOOR * all) / length);
  const squares = variance.reduce((sum, value, i) => sum + value / raised[i]!, 0);
  return { mean, scale: raised.map((value) => Math.sqrt(value * squares)) };
}

/** The examples, normalised. */
export function normalised({ features }: ExampleSet, { mean, scale }: Normalisation): Float32Array[] {
  return features.map((each) => each.map((value, i) => (value - mean[i]!) / scale[i]!));
}
