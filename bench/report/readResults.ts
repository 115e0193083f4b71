// Reads a file of benchmark results and refuses with one line what is none. Fields of later versions are kept as they are.

import { mismatch, PlumageError } from '../../src/errors.ts';
import type { CaseResult, Ceilings, EngineTimes, Results } from '../results.ts';

type Fields = Readonly<Record<string, unknown>>;

const SUITES: readonly CaseResult['suite'][] = ['kernels', 'resnet50', 'finegrained', 'cold', 'memory', 'training'];
const AGAIN = 'make the file with npm run bench -- --json FILE';

/**
 * Results from JSON text; `where` names the file in errors, all of code `input`. What a suite that did not run leaves out
 * of a case (engines, pairs, difference, absent, magnitude) comes back empty; ceilings that were not measured as 0.
 */
export function readResults(text: string, where: string): Results {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PlumageError('input', `${where}: not JSON, got ${start(text)}, expected benchmark results - ${AGAIN}`);
  }
  const file = object(parsed, where, 'the file');
  if (file.version !== 1) throw mismatch('input', where, 'version', brief(file.version), 1, AGAIN);
  const adapter = object(file.adapter, where, 'adapter');
  const cases = record(file.cases, where, 'cases', readCase);
  return {
    ...file,
    version: 1,
    plumage: string(file.plumage, where, 'plumage'),
    date: string(file.date, where, 'date'),
    browser: string(file.browser, where, 'browser'),
    adapter: {
      ...adapter,
      name: string(adapter.name, where, 'adapter.name'),
      vendor: string(adapter.vendor ?? '', where, 'adapter.vendor'),
      architecture: string(adapter.architecture ?? '', where, 'adapter.architecture'),
      software: boolean(adapter.software, where, 'adapter.software'),
    } as Results['adapter'],
    precision: oneOf(file.precision, ['f32', 'f16'], where, 'precision'),
    ceilings: readCeilings(file.ceilings ?? {}, where),
    cases,
    ratios: record(file.ratios, where, 'ratios', (value, at) => record(value, where, at, number(where))),
  };

  function readCase(value: unknown, at: string): CaseResult {
    const fields = object(value, where, at);
    const optional = <T>(name: string, read: (value: unknown, at: string) => T) =>
      fields[name] === undefined ? {} : { [name]: read(fields[name], `${at}.${name}`) };
    return {
      ...fields,
      suite: oneOf(fields.suite, SUITES, where, `${at}.suite`),
      batch: number(where)(fields.batch ?? 1, `${at}.batch`),
      engines: record(fields.engines ?? {}, where, `${at}.engines`, readTimes),
      pairs: record(fields.pairs ?? {}, where, `${at}.pairs`, list(where, number(where))),
      difference: record(fields.difference ?? {}, where, `${at}.difference`, number(where)),
      magnitude: number(where)(fields.magnitude ?? 0, `${at}.magnitude`),
      absent: record(fields.absent ?? {}, where, `${at}.absent`, (reason, name) => string(reason, where, name)),
      ...optional('layers', list(where, rowOf(['name', 'kernel'], ['milliseconds', 'flops', 'bytes']))),
      ...optional('timeline', list(where, rowOf(['engine', 'name'], ['start', 'end']))),
      ...optional('memory', readMemory),
      ...optional('encodeMilliseconds', number(where)),
      ...optional('uploadMilliseconds', number(where)),
      ...optional('count', number(where)),
      ...optional('ceilings', (value, within) => readCeilings(value, where, within)),
    };
  }

  function readTimes(value: unknown, at: string): EngineTimes {
    const row = rowOf([], ['first', 'median', 'min', 'max'])(value, at);
    return { ...row, runs: list(where, number(where))(row.runs, `${at}.runs`) } as unknown as EngineTimes;
  }

  function readMemory(value: unknown, at: string): Fields {
    const row = rowOf([], ['activationBytes', 'lowerBoundBytes', 'constantBytes'])(value, at);
    const alive = list(where, number(where))(row.alive ?? [], `${at}.alive`);
    const bytes = (name: string) => record(row[name] ?? {}, where, `${at}.${name}`, number(where));
    const values = list(where, rowOf(['label'], ['slot', 'bytes', 'first', 'last']));
    return {
      ...row,
      alive,
      engines: bytes('engines'),
      peaks: bytes('peaks'),
      values: values(row.values ?? [], `${at}.values`),
    };
  }

  function rowOf(strings: readonly string[], numbers: readonly string[]) {
    return (value: unknown, at: string): Fields => {
      const fields = object(value, where, at);
      for (const name of strings) string(fields[name], where, `${at}.${name}`);
      for (const name of numbers) number(where)(fields[name], `${at}.${name}`);
      return fields;
    };
  }
}

function readCeilings(value: unknown, where: string, at = 'ceilings'): Ceilings {
  const fields = object(value, where, at);
  const figure = (name: string) => number(where)(fields[name] ?? 0, `${at}.${name}`);
  const sweep = list(where, (entry, its) => {
    const row = object(entry, where, its);
    const of = (name: string) => number(where)(row[name], `${its}.${name}`);
    return { workgroup: of('workgroup'), accumulators: of('accumulators'), gflops: of('gflops') };
  });
  return {
    ...fields,
    fmaGflops: figure('fmaGflops'),
    copyGigabytes: figure('copyGigabytes'),
    sweep: sweep(fields.sweep ?? [], `${at}.sweep`),
  };
}

function object(value: unknown, where: string, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw mismatch('input', where, at, brief(value), 'an object', AGAIN);
  }
  return value as Fields;
}

function record<T>(value: unknown, where: string, at: string, read: (value: unknown, at: string) => T) {
  const entries = Object.entries(object(value, where, at));
  return Object.fromEntries(entries.map(([name, inner]) => [name, read(inner, `${at}["${name}"]`)])) as Record<
    string,
    T
  >;
}

function list<T>(where: string, read: (value: unknown, at: string) => T) {
  return (value: unknown, at: string): T[] => {
    if (!Array.isArray(value)) throw mismatch('input', where, at, brief(value), 'a list', AGAIN);
    return value.map((inner, i) => read(inner, `${at}[${i}]`));
  };
}

function number(where: string) {
  return (value: unknown, at: string): number => {
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw mismatch('input', where, at, brief(value), 'a number', AGAIN);
  };
}

function string(value: unknown, where: string, at: string): string {
  if (typeof value !== 'string') throw mismatch('input', where, at, brief(value), 'text', AGAIN);
  return value;
}

function boolean(value: unknown, where: string, at: string): boolean {
  if (typeof value !== 'boolean') throw mismatch('input', where, at, brief(value), 'true or false', AGAIN);
  return value;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], where: string, at: string): T {
  if (allowed.includes(value as T)) return value as T;
  throw mismatch('input', where, at, brief(value), allowed.join(' or '), AGAIN);
}

/** What was found, short enough for one line. */
function brief(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return start(JSON.stringify(value));
}

function start(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 40)}…` : line || 'an empty file';
}
