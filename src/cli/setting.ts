// `--set key=value`, as `plumage train` and `plumage init` take it.

import { mismatch } from '../errors.ts';

/** For an option that may be given again. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** `key=value` as a setting. Values are JSON where they can be: numbers, true, false; else text. */
export function parseSetting(text: string): [string, unknown] {
  const at = text.indexOf('=');
  if (at < 1) throw mismatch('input', '--set', 'setting', JSON.stringify(text.slice(0, 40)), 'key=value');
  const [key, value] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  try {
    return [key, JSON.parse(value)];
  } catch {
    return [key, value];
  }
}
