// What a page's main thread was busy with, from a Chrome trace: the CPU time of its tasks.

import type { Page } from 'puppeteer-core';

export interface Task {
  /** Milliseconds of CPU time: what other processes took of the machine does not count. */
  readonly cpu: number;
  /** Milliseconds from beginning to end. */
  readonly wall: number;
  /** Milliseconds from the first task of the trace. */
  readonly at: number;
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The page's tasks while `work` runs, in order. */
export async function tasksDuring(page: Page, work: () => Promise<unknown>): Promise<Task[]> {
  const categories = ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'];
  await page.tracing.start({ categories });
  let trace: Uint8Array | undefined;
  try {
    await work();
  } finally {
    trace = await page.tracing.stop();
  }
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
  const ids = new Set(mains.map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && ids.has(`${pid} ${tid}`),
  );
  const start = Math.min(...tasks.map(({ ts }) => ts));
  return tasks
    .sort((a, b) => a.ts - b.ts)
    .map(({ ts, dur = 0, tdur = 0 }) => ({ cpu: tdur / 1000, wall: dur / 1000, at: (ts - start) / 1000 }));
}
