// How good a head would be on photos that it has not seen, from the few there are.

import type { Example } from '../../src/train/examples.ts';
import { Head } from '../../src/train/head.ts';

const FOLDS = 5;

/**
 * Trains up to five heads, each without some examples of each class, and asks it about those. Nothing where a class has but
 * one example: a head cannot be asked for what it was never shown.
 */
export async function validate(
  examples: readonly Example[],
  teach: (examples: readonly Example[], part: number, parts: number) => Promise<Uint8Array>,
): Promise<{ right: number; tested: number } | undefined> {
  const counts = new Map<string, number>();
  // Examples of one class take turns: the i-th is left out in fold i modulo the folds.
  const placed = examples.map((example) => {
    const at = counts.get(example.label) ?? 0;
    counts.set(example.label, at + 1);
    return { example, at };
  });
  const least = Math.min(...counts.values());
  if (least < 2) return undefined;
  const folds = Math.min(FOLDS, least);
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const left = placed.filter(({ at }) => at % folds === fold).map(({ example }) => example);
    const seen = placed.filter(({ at }) => at % folds !== fold).map(({ example }) => example);
    const head = Head.read(await teach(seen, fold, folds));
    right += left.filter(({ label, features }) => head.classify(features, 1)[0]?.label === label).length;
  }
  return { right, tested: examples.length };
}
