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
  /** Indices of the examples of each class. */
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
  return { classes: names, members, features: examples.map(({ features }) => features), length };
}

/** Rows that a set is trained in: each class has as many as the largest, its examples in turn. */
export const rowCount = ({ members }: ExampleSet): number =>
  members.length * Math.max(...members.map(({ length }) => length));

/** Indices of the examples of all rows where only `members` are trained on. Which class a row is of stays the same. */
export function rowsOf(set: ExampleSet, members: ExampleSet['members']): number[] {
  const each = rowCount(set) / set.classes.length;
  return members.flatMap((some) => Array.from({ length: each }, (_, i) => some[i % some.length]!));
}

/** x = (values - mean) / scale. */
export interface Normalisation {
  /** The mean of the rows. */
  readonly mean: Float64Array;
  /** The root of their mean squared distance from it. */
  readonly scale: number;
}

type Values = Float32Array | Float64Array;

/** Of the mean: what two runs of one photo differ by is no more. */
const ROUNDING = 1e-6;
/** Weights are divided by the scale, and shall be finite. */
const SMALLEST_SCALE = 1e-30;

/**
 * What brings the rows to mean 0 and a mean squared length of 1. Directions stay as they are: to bring each value to
 * deviation 1 would make much of those in which a few examples hardly differ. `undefined` where the rows do not differ at all.
 */
export function normalisationOf(values: readonly Values[], rows: readonly number[]): Normalisation | undefined {
  const mean = new Float64Array(values[0]!.length);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i]! += values[row]![i]! / rows.length;
  let [squares, size] = [0, 0];
  for (const row of rows) for (let i = 0; i < mean.length; i++) squares += (values[row]![i]! - mean[i]!) ** 2;
  for (const value of mean) size += value ** 2;
  const scale = Math.sqrt(squares / rows.length);
  return scale > Math.max(SMALLEST_SCALE, ROUNDING * Math.sqrt(size)) ? { mean, scale } : undefined;
}

/** x (rows, values), row-major. */
export function normalised(
  values: readonly Values[],
  rows: readonly number[],
  { mean, scale }: Normalisation,
): Float32Array {
  const x = new Float32Array(rows.length * mean.length);
  rows.forEach((row, at) => {
    for (let i = 0; i < mean.length; i++) x[at * mean.length + i] = (values[row]![i]! - mean[i]!) / scale;
  });
  return x;
}
