// Parts of a list of photos that machines work on independently, and which part is this machine's. Pure.

import { mismatch, PlumageError } from '../errors.ts';

/** Part `shard` of `of`, from 1. */
export interface Shard {
  readonly shard: number;
  readonly of: number;
}

/** The run of a list of `length` that a shard has: [from, to). Lengths differ by one at most. */
export function shardRange({ shard, of }: Shard, length: number): [from: number, to: number] {
  return [Math.floor(((shard - 1) * length) / of), Math.floor((shard * length) / of)];
}

export function ofShard<T>(items: readonly T[], shard: Shard): T[] {
  return items.slice(...shardRange(shard, items.length));
}

/**
 * `3/16`, or `auto`: the place in a Slurm array, or in an indexed Kubernetes Job of `shards` pods, from the variables
 * that these set. @throws PlumageError `input` for what is neither.
 */
export function parseShard(text: string, shards: number | undefined, variables: Variables): Shard {
  if (text === 'auto') return fromScheduler(shards, variables);
  if (shards !== undefined) {
    throw mismatch('input', '--shards', 'value', shards, 'it only beside --shard auto', 'write --shard 3/16 in one');
  }
  const [, shard, of] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  if (shard! >= 1 && shard! <= of!) return { shard: shard!, of: of! };
  throw mismatch('input', '--shard', 'value', text, 'a part from 1 on and their number, as 3/16, or auto');
}

type Variables = Readonly<Record<string, string | undefined>>;

function fromScheduler(shards: number | undefined, variables: Variables): Shard {
  if (variables.SLURM_ARRAY_TASK_ID !== undefined) {
    const [id, min, of] = ['ID', 'MIN', 'COUNT'].map((name) => whole(variables, `SLURM_ARRAY_TASK_${name}`));
    if (shards !== undefined && shards !== of) {
      throw mismatch('input', '--shards', 'value', shards, `${of}, as SLURM_ARRAY_TASK_COUNT says`, 'leave it out');
    }
    const shard = id! - min! + 1;
    const gaps =
      variables.SLURM_ARRAY_TASK_MAX !== undefined && Number(variables.SLURM_ARRAY_TASK_MAX) - min! + 1 !== of!;
    if (shard >= 1 && shard <= of! && !gaps) return { shard, of: of! };
    const got = `task ${id} of ${of} from ${min} to ${variables.SLURM_ARRAY_TASK_MAX}`;
    throw mismatch('input', '--shard auto', 'Slurm array', got, 'tasks without gaps', `use --array=0-${of! - 1}`);
  }
  if (variables.JOB_COMPLETION_INDEX !== undefined) {
    const index = whole(variables, 'JOB_COMPLETION_INDEX');
    if (shards === undefined) {
      throw mismatch('input', '--shard auto', '--shards', 'nothing', "the Job's number of completions beside it");
    }
    if (index < shards) return { shard: index + 1, of: shards };
    throw mismatch('input', '--shard auto', 'JOB_COMPLETION_INDEX', index, `below ${shards}, as --shards says`);
  }
  throw new PlumageError(
    'input',
    '--shard auto: neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set - run it as an array job, or write --shard 3/16',
  );
}

function whole(variables: Variables, name: string): number {
  const text = variables[name];
  if (text !== undefined && /^\d{1,9}$/.test(text)) return Number(text);
  throw mismatch('input', '--shard auto', name, text ?? 'nothing', 'a whole number');
}
