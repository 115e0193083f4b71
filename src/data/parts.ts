// What a part that a shard made says of itself, and whether parts make a whole.

import { mismatch, PlumageError } from '../errors.ts';
import type { Shard } from './shards.ts';

export interface PartFacts extends Shard {
  /** The command that made it. */
  readonly made: 'classify' | 'eval';
  /** Of model, data and options. */
  readonly fingerprint: string;
}

export interface Part<Content> {
  readonly file: string;
  readonly facts: PartFacts;
  readonly content: Content;
}

/** @throws PlumageError `input` where a file does not say what a part has to say. */
export function checkFacts(facts: unknown, file: string): PartFacts {
  const { made, fingerprint, shard, of } = (facts ?? {}) as Partial<PartFacts>;
  const numbers = [shard, of].every((each) => Number.isSafeInteger(each)) && shard! >= 1 && shard! <= of!;
  if ((made === 'classify' || made === 'eval') && typeof fingerprint === 'string' && numbers) {
    return { made, fingerprint, shard: shard!, of: of! };
  }
  throw noPart(file);
}

export function noPart(file: string): PlumageError {
  return new PlumageError('input', `${file}: is no part that plumage classify or eval wrote with --shard`);
}

/** The parts from the first shard to the last. @throws PlumageError `input` where they are not all there exactly once. */
export function inShardOrder<Content>(parts: readonly Part<Content>[]): Part<Content>[] {
  const [first] = parts;
  if (!first) throw mismatch('input', 'merge', 'parts', 'none', 'the files of all shards');
  const byShard = new Map<number, Part<Content>>();
  for (const part of parts) {
    const { file, facts } = part;
    if (facts.made !== first.facts.made || facts.of !== first.facts.of) {
      const text = ({ made, of }: PartFacts) => `one of ${of} of plumage ${made}`;
      throw mismatch('input', file, 'part', text(facts), `${text(first.facts)}, as ${first.file} is`);
    }
    if (facts.fingerprint !== first.facts.fingerprint) {
      const expected = `${first.facts.fingerprint}, as ${first.file} has it`;
      const advice = 'make all parts with the same model, data and options';
      throw mismatch('input', file, 'fingerprint', facts.fingerprint, expected, advice);
    }
    const other = byShard.get(facts.shard);
    if (other) {
      const advice = 'name each part once';
      throw new PlumageError(
        'input',
        `merge: ${other.file} and ${file} are both shard ${facts.shard} of ${facts.of} - ${advice}`,
      );
    }
    byShard.set(facts.shard, part);
  }
  const all = Array.from({ length: first.facts.of }, (_, i) => i + 1);
  const missing = all.filter((shard) => !byShard.has(shard));
  if (missing.length === 0) return all.map((shard) => byShard.get(shard)!);
  const named =
    missing.length > 10 ? `${missing.slice(0, 10).join(', ')} and ${missing.length - 10} more` : missing.join(', ');
  throw new PlumageError(
    'input',
    `merge: shards, got ${parts.length} of ${first.facts.of}, missing ${named} - run these again, then name all files`,
  );
}
