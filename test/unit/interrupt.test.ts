// Signals: what runs is wound up, also what it began while it ran.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitOnSignals, interruptible } from '../../src/cli/interrupt.ts';

test('a signal reaches work whose own interruptible part is done', async () => {
  const before = process.exitCode;
  exitOnSignals();
  await interruptible(async (outer) => {
    const reached = await interruptible(async (inner) => inner);
    process.emit('SIGTERM', 'SIGTERM');
    assert.ok(outer.aborted);
    assert.not(reached.aborted);
    assert.is(process.exitCode, 143);
  });
  process.exitCode = before;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal);
});

test('a signal reaches all that runs', async () => {
  const before = process.exitCode;
  exitOnSignals();
  await interruptible((outer) =>
    interruptible(async (inner) => {
      process.emit('SIGINT', 'SIGINT');
      assert.ok(outer.aborted && inner.aborted);
    }),
  );
  process.exitCode = before;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal);
});

test.run();
