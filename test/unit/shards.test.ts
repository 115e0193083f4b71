// Shards: every item in exactly one, and which one is whose.

import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ofShard, parseShard, shardRange } from '../../src/data/shards.ts';
import { refused } from '../harness/refused.ts';

test('shards laid end to end are the list, and their lengths differ by one at most', () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.integer({ min: 1, max: 300 }), (length, of) => {
      const items = Array.from({ length }, (_, i) => i);
      const parts = Array.from({ length: of }, (_, i) => ofShard(items, { shard: i + 1, of }));
      assert.equal(parts.flat(), items);
      const lengths = parts.map((part) => part.length);
      assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1);
    }),
    { seed: 1 },
  );
});

test('large lists keep their ends', () => {
  assert.equal(shardRange({ shard: 1, of: 1 }, 1e9), [0, 1e9]);
  assert.is(shardRange({ shard: 999, of: 999 }, 1e9)[1], 1e9);
});

test('--shard 3/16, and what is none', () => {
  assert.equal(parseShard('3/16', undefined, {}), { shard: 3, of: 16 });
  assert.equal(parseShard('1/1', undefined, {}), { shard: 1, of: 1 });
  for (const text of ['0/4', '5/4', '3', '1/0', '-1/4', '1/4/2', ' 1/4', '1.5/4', '']) {
    refused(() => parseShard(text, undefined, {}), 'input', /^--shard: value, got .*, expected a part from 1 on/);
  }
  refused(() => parseShard('1/4', 4, {}), 'input', /^--shards: value, got 4, expected it only beside --shard auto/);
});

const slurm = (id: unknown, min: unknown, count: unknown, max?: unknown) => ({
  SLURM_ARRAY_TASK_ID: `${id}`,
  SLURM_ARRAY_TASK_MIN: `${min}`,
  SLURM_ARRAY_TASK_COUNT: `${count}`,
  ...(max === undefined ? {} : { SLURM_ARRAY_TASK_MAX: `${max}` }),
});

test('auto in a Slurm array counts from its first task', () => {
  assert.equal(parseShard('auto', undefined, slurm(0, 0, 4, 3)), { shard: 1, of: 4 });
  assert.equal(parseShard('auto', undefined, slurm(13, 10, 4)), { shard: 4, of: 4 });
  assert.equal(parseShard('auto', 4, slurm(13, 10, 4)), { shard: 4, of: 4 });
  refused(() => parseShard('auto', undefined, slurm(4, 0, 5, 8)), 'input', /tasks without gaps - use --array=0-4$/);
  refused(() => parseShard('auto', undefined, slurm(6, 0, 5)), 'input', /tasks without gaps/);
  refused(() => parseShard('auto', 8, slurm(1, 0, 4)), 'input', /^--shards: value, got 8, expected 4, as SLURM/);
  refused(() => parseShard('auto', undefined, slurm('x', 0, 4)), 'input', /SLURM_ARRAY_TASK_ID, got x/);
  const { SLURM_ARRAY_TASK_COUNT: _, ...rest } = slurm(1, 0, 4);
  refused(() => parseShard('auto', undefined, rest), 'input', /SLURM_ARRAY_TASK_COUNT, got nothing/);
});

test('auto in an indexed Job of Kubernetes needs their number', () => {
  const pod = { JOB_COMPLETION_INDEX: '3' };
  assert.equal(parseShard('auto', 4, pod), { shard: 4, of: 4 });
  refused(() => parseShard('auto', undefined, pod), 'input', /--shards, got nothing/);
  refused(() => parseShard('auto', 3, pod), 'input', /JOB_COMPLETION_INDEX, got 3, expected below 3/);
  refused(() => parseShard('auto', 4, {}), 'input', /neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set/);
});

test.run();
