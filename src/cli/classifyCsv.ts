// The table that `plumage classify --csv` writes: a line for each of a photo's likeliest classes. A shard's part begins with
// a comment that says which it is, and merged parts are the table of an unsharded run, byte for byte.

import { csvLine } from '../data/csv.ts';
import { checkFacts, inShardOrder, noPart, type Part, type PartFacts } from '../data/parts.ts';
import type { Prediction } from '../engine/likeliest.ts';

export const HEADER = csvLine(['file', 'label', 'index', 'probability']);

const COMMENT = '# plumage part ';

/** What stands before the rows. */
export function csvHead(facts?: PartFacts): string {
  return facts ? `${COMMENT}${JSON.stringify(facts)}\n${HEADER}` : HEADER;
}

/** Rows of a photo; a photo that could not be read has one without a class. Probabilities have six digits. */
export function csvRows(file: string, top: readonly Prediction[] | undefined): string {
  if (!top) return csvLine([file, '', '', '']);
  return top
    .map(({ label, index, probability }) => csvLine([file, label, index, Number(probability.toPrecision(6))]))
    .join('');
}

/** A part's rows, with what it says of itself. @throws PlumageError `input` for other files. */
export function readCsvPart(text: string, file: string): Part<string> {
  const end = text.indexOf('\n');
  if (!text.startsWith(COMMENT) || !text.startsWith(HEADER, end + 1)) throw noPart(file);
  let facts: unknown;
  try {
    facts = JSON.parse(text.slice(COMMENT.length, end));
  } catch {
    throw noPart(file);
  }
  return { file, facts: checkFacts(facts, file), content: text.slice(end + 1 + HEADER.length) };
}

export const isCsvPart = (text: string): boolean => text.startsWith(COMMENT);

export function mergeCsv(parts: readonly Part<string>[]): string {
  return (
    HEADER +
    inShardOrder(parts)
      .map(({ content }) => content)
      .join('')
  );
}
