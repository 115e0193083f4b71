// "Teach it your classes": a linear head on the features of a few photos, and how good it is on photos that it has not seen.
// The loss is convex and training starts from 0 with all examples in each step: nothing is drawn at random.

import type { Abortable } from '../engine/abort.ts';
import type { Prediction } from '../engine/likeliest.ts';
import type { Host } from '../engine/model.ts';
import { mismatch } from '../errors.ts';
import type { Device } from '../gpu/device.ts';
import { checkExamples, type Example, type ExampleSet } from './examples.ts';
import type { Head } from './head.ts';
import { Lesson, type Settings, type TeachProgress } from './lesson.ts';

export interface TeachOptions extends Abortable {
  /** 300 unless given. */
  readonly steps?: number;
  /** Above 0, at most 3; 1 unless given. */
  readonly learningRate?: number;
  /** From 0 to 0.1; 0.001 unless given. More of it makes the head less sure of itself. */
  readonly weightDecay?: number;
  /** The order of the classes; by default that in which the examples name them. */
  readonly classes?: readonly string[];
  /** Kept in the head: what network the features are of. */
  readonly base?: string;
  readonly onProgress?: (progress: TeachProgress) => void;
}

export interface CrossValidateOptions extends TeachOptions {
  /** Heads to train, each without its share of each class; 5 unless given, at most as many as the largest class has examples. */
  readonly folds?: number;
}

export interface Validation {
  /** `right` of `tested`. */
  readonly accuracy: number;
  readonly right: number;
  /** All examples but those that are the only one of their class. */
  readonly tested: number;
  /** For each example what a head says of it that has not seen it; nothing where it was not tested. */
  readonly answers: readonly (Prediction | undefined)[];
}

/**
 * Trains a linear softmax head on examples of at least two classes; one example of a class is enough. Classes count alike,
 * however many examples each has. The same examples and options give the same bits. Rejects with code `input` for examples that
 * make no head (`checkExamples` says which) and options out of range, `limit` for more than the adapter can hold, `aborted` by
 * the signal, `lost` with the device; for one that was lost before, the engine's next is asked for first.
 */
export async function teach(engine: Host, examples: readonly Example[], options: TeachOptions = {}): Promise<Head> {
  const set = checkExamples('teach', examples, options.classes);
  const settings = settingsOf('teach', options);
  const lesson = await Lesson.open(await deviceInUse(engine), set, settings);
  try {
    return await lesson.learn(set.members);
  } finally {
    lesson.close();
  }
}

/**
 * How good a head would be on photos that it has not seen: `folds` heads are trained, each without some examples of each class,
 * and asked about those. Neighbours in the list are left out together: photos taken in a row are alike, and those that were seen
 * would give the others away. Rejects as `teach` does, and where no class has two examples.
 */
export async function crossValidate(
  engine: Host,
  examples: readonly Example[],
  options: CrossValidateOptions = {},
): Promise<Validation> {
  const where = 'crossValidate';
  const set = checkExamples(where, examples, options.classes);
  const settings = settingsOf(where, options);
  const folds = checkFolds(where, set, options.folds ?? 5);
  const answers: (Prediction | undefined)[] = examples.map(() => undefined);
  const lesson = await Lesson.open(await deviceInUse(engine), set, settings);
  try {
    for (let fold = 0; fold < folds; fold++) {
      const isLeft = (_: number, i: number, { length }: readonly number[]) => foldOf(i, length, folds) === fold;
      const seen = set.members.map((some) => some.filter((...at) => !isLeft(...at)));
      const head = await lesson.learn(seen, fold, folds);
      for (const example of set.members.flatMap((some) => some.filter(isLeft))) {
        answers[example] = head.classify(examples[example]!.features, 1)[0];
      }
    }
  } finally {
    lesson.close();
  }
  const tested = answers.filter((answer) => answer).length;
  const right = answers.filter((answer, i) => answer?.label === examples[i]!.label).length;
  return { accuracy: right / tested, right, tested, answers };
}

/** The engine's; the next one where that is lost. */
async function deviceInUse(engine: Host): Promise<Device> {
  if (engine.device.lostReason !== undefined) await engine.restore?.(engine.device);
  return engine.device;
}

/** The fold that leaves out example i of a class of n; the only one of a class is in none. */
const foldOf = (i: number, n: number, folds: number): number => (n < 2 ? -1 : Math.floor((i * Math.min(folds, n)) / n));

function checkFolds(where: string, { members }: ExampleSet, folds: number): number {
  const most = Math.max(...members.map(({ length }) => length));
  if (most < 2) throw mismatch('input', where, 'most examples of a class', most, 'at least 2', 'add examples');
  return Math.min(checked(where, 'folds', folds, wholeFrom(2)), most);
}

type Rule = readonly [fits: (value: number) => boolean, expected: string];

const wholeFrom = (least: number): Rule => [
  (value) => Number.isSafeInteger(value) && value >= least,
  `a whole number from ${least}`,
];
const rate: Rule = [(value) => Number.isFinite(value) && value > 0 && value <= 3, 'a number above 0 up to 3'];
const decay: Rule = [(value) => Number.isFinite(value) && value >= 0 && value <= 0.1, 'a number from 0 to 0.1'];

function checked(where: string, name: string, value: number, [fits, expected]: Rule): number {
  if (!fits(value)) throw mismatch('input', where, name, value, expected);
  return value;
}

function settingsOf(where: string, options: TeachOptions): Settings {
  return {
    where,
    steps: checked(where, 'steps', options.steps ?? 300, wholeFrom(1)),
    learningRate: checked(where, 'learningRate', options.learningRate ?? 1, rate),
    weightDecay: checked(where, 'weightDecay', options.weightDecay ?? 1e-3, decay),
    base: options.base,
    onProgress: options.onProgress,
    signal: options.signal,
  };
}
