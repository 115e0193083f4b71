// What the answers of a run depend on, as one short text: parts that machines made belong together where it is the same.

import { createHash } from 'node:crypto';
import { readInput } from './readInput.ts';

/** 32 hexadecimal digits of the SHA-256 of the model's bytes and of `facts`. */
export function fingerprint(modelFile: string, facts: unknown): string {
  const hash = createHash('sha256').update(readInput(modelFile, 'weights'));
  return hash.update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}
