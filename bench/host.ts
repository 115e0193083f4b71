// Where a run takes place: a browser that is driven, a page that drives itself, or Node.

import type { Case } from './cases.ts';
import type { BenchApi } from './page.ts';
import type { Spec } from './peers.ts';
import type { CaseResult } from './results.ts';

export interface Host {
  /** A page that has loaded no engine, in place of the last; `cold`: in a browser that has compiled nothing yet. */
  page(cold: boolean): Promise<BenchApi>;
  /** Makes the weights and the export of the case ready to be fetched. */
  spec(each: Case): Promise<Spec>;
  /** Shows where the run stands; replaces what it showed before. */
  progress(text: string): void;
  /** Called with every case that is done. */
  done(name: string, result: CaseResult): void;
}

export interface RunOptions {
  readonly cases: readonly Case[];
  /** Ours first. */
  readonly peers: readonly string[];
  /** Milliseconds for all. */
  readonly budget: number;
}
