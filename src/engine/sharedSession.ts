// A session that overlapping calls share: opened once, closed when it is replaced and its last call has been answered.

import type { Weights } from '../gpu/constants.ts';
import { Pace } from '../gpu/pace.ts';
import { open, type Session } from '../gpu/session.ts';
import type { States } from '../gpu/states.ts';
import type { Plan } from '../graph/plan.ts';

/** Milliseconds of what happened when a session was opened. */
export interface OpenTimes {
  plan: number;
  pipelines: number;
}

interface Surroundings {
  readonly replaces?: SharedSession;
  readonly states?: States;
}

export class SharedSession {
  readonly #opened: Promise<{ session: Session; times: OpenTimes }>;
  #users = 0;
  #idle: (() => void) | undefined;
  #retired: Promise<void> | undefined;

  /**
   * Opens the plan once the session that it replaces is rid of its users: GPU memory holds one of a kind. `states` for a plan
   * with states.
   */
  constructor(weights: Weights, makePlan: () => Plan, { replaces, states }: Surroundings = {}) {
    this.#opened = (async () => {
      await replaces?.retire();
      const pace = new Pace();
      await pace.rest(); // planning and opening are tasks of their own: together they hold up a page for 70 ms
      const start = performance.now();
      const plan = makePlan();
      const planned = performance.now();
      await pace.rest();
      const session = await open(weights.device, plan, weights, states);
      return { session, times: { plan: planned - start, pipelines: performance.now() - planned } };
    })();
    this.#opened.catch(() => {}); // its users see the rejection
  }

  /** Resolves with what opening took; rejects as `open` does. */
  get times(): Promise<OpenTimes> {
    return this.#opened.then(({ times }) => times);
  }

  use<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return withSessions([this], ([session]) => work(session!));
  }

  /** The session, once it is open; from now until `release()` it is not closed. */
  hold(): Promise<Session> {
    this.#users++;
    return this.#opened.then(({ session }) => session);
  }

  release(): void {
    this.#users--;
    if (this.#users === 0) this.#idle?.();
  }

  /** Closes the session once the calls that use it have their answers; resolves when it is closed. */
  retire(): Promise<void> {
    this.#retired ??= this.#close();
    return this.#retired;
  }

  async #close(): Promise<void> {
    if (this.#users > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    (await this.#opened.catch(() => undefined))?.session.close();
  }
}

/** Work with several sessions, each held from the start: one that is replaced while another opens is not closed. */
export async function withSessions<T>(
  shared: readonly SharedSession[],
  work: (sessions: readonly Session[]) => Promise<T>,
): Promise<T> {
  const held = shared.map((each) => each.hold());
  try {
    return await work(await Promise.all(held));
  } finally {
    for (const each of shared) each.release();
  }
}
