// How well a classifier did: pure functions of what it said about each image. No image, no model, no text.

/** What a model said about one image that is of class `label`. */
export interface Outcome {
  readonly label: number;
  /** Classes of the output that decides, likeliest first: five, or all where there are fewer. */
  readonly top: readonly number[];
  /** Probability of the first of them. */
  readonly probability: number;
  /** The class that the concatenated branches alone say. */
  readonly concat: number;
}

export interface ClassCounts {
  readonly images: number;
  readonly correct: number;
}

/** Shares are of the images counted; NaN where there is none. */
export interface Metrics {
  readonly images: number;
  readonly top1: number;
  readonly top5: number;
  readonly concat: number;
  /** Mean over the classes that have images of the share of their images that is right. */
  readonly classMean: number;
  /** By class. */
  readonly classes: readonly ClassCounts[];
  /** [label][said]: images. */
  readonly confusion: readonly (readonly number[])[];
}

/** Classes that top-5 looks at. */
export const TOP = 5;

/** Indices of the `count` largest values, largest first; of equal ones the lower index first, as classify() has it. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const indices = Array.from({ length: values.length }, (_, i) => i);
  return indices.sort((a, b) => values[b]! - values[a]! || a - b).slice(0, count);
}

export function metricsOf(outcomes: readonly Outcome[], classes: number): Metrics {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let [inTop, concat] = [0, 0];
  for (const outcome of outcomes) {
    confusion[outcome.label]![outcome.top[0]!]!++;
    if (outcome.top.includes(outcome.label)) inTop++;
    if (outcome.concat === outcome.label) concat++;
  }
  const counts = confusion.map((row, label) => ({ images: sum(row), correct: row[label]! }));
  const images = outcomes.length;
  const shown = counts.filter((each) => each.images > 0);
  return {
    images,
    top1: sum(counts.map(({ correct }) => correct)) / images,
    top5: inTop / images,
    concat: concat / images,
    classMean: sum(shown.map((each) => each.correct / each.images)) / shown.length,
    classes: counts,
    confusion,
  };
}

/** Standard error of a share that was measured on so many images: sqrt(p (1 - p) / n). */
export const standardError = (share: number, images: number): number => Math.sqrt((share * (1 - share)) / images);

/** Two classes, a < b, that are taken for each other. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  /** Images of `a` that were taken for `b`, and the other way round. */
  readonly aAsB: number;
  readonly bAsA: number;
}

/** The pairs with most images between them, at most `count`; pairs with equally many in the order of classes. */
export function confusedPairs(confusion: readonly (readonly number[])[], count: number): Pair[] {
  const pairs = confusion.flatMap((row, a) =>
    row.flatMap((aAsB, b) => (b > a && aAsB + confusion[b]![a]! > 0 ? [{ a, b, aAsB, bAsA: confusion[b]![a]! }] : [])),
  );
  // The sort is stable, and the pairs are in the order of classes.
  return pairs.sort((x, y) => y.aAsB + y.bAsA - (x.aAsB + x.bAsA)).slice(0, count);
}

/** The images of class `label` that were said to be `said`, at most `count`, the surest mistakes first. */
export function mistakes<T extends Outcome>(outcomes: readonly T[], label: number, said: number, count: number): T[] {
  const wrong = outcomes.filter((outcome) => outcome.label === label && outcome.top[0] === said);
  return wrong.sort((x, y) => y.probability - x.probability).slice(0, count);
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
