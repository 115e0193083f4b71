// What the page says: one line for an error, one for a notice, and how far a long step is.

import { PlumageError } from '../../src/errors.ts';
import { megabytes, time } from '../../src/report/format.ts';
import type { Progress } from '../../src/worker.ts';
import { find } from './dom.ts';

/** Shows an error as one line until it is dismissed or the next thing works; what the user stopped is none. */
export function sayError(error: unknown): void {
  if ((error as { code?: string }).code === 'aborted') return;
  const text = error instanceof Error ? error.message : String(error);
  find('p', 'alert-text').textContent = text.split('\n')[0] || 'unknown error';
  find('div', 'alert').hidden = false;
}

/** The same error with the name of the photo that it is about, for the engine knows none. */
export function about(name: string, error: unknown): unknown {
  const { code, message } = error as PlumageError;
  return code === 'input' ? new PlumageError(code, `${name}: ${message.replace(/^photo: /, '')}`) : error;
}

export function clearError(): void {
  find('div', 'alert').hidden = true;
  find('p', 'alert-text').textContent = '';
}

const NOTICE_MS = 8000;
let clearing: ReturnType<typeof setTimeout> | undefined;

/** A quiet line for a while, read out when the reader has nothing else to say. */
export function say(text: string): void {
  clearTimeout(clearing);
  find('p', 'notice').textContent = text;
  clearing = setTimeout(() => say(''), NOTICE_MS);
}

/** One long step in the place of its Steps, until another begins there. */
export interface Step {
  /** `share` of 0 to 1; without it the bar says only that something goes on. */
  show(text: string, share?: number): void;
  end(): void;
}

/** A line with a bar in the place `id` of index.html. */
export class Steps {
  readonly #place: HTMLElement;
  readonly #text: HTMLElement;
  readonly #bar: HTMLProgressElement;
  #current: Step | undefined;

  constructor(id: string) {
    this.#place = find('div', id);
    this.#text = this.#place.querySelector('p')!;
    this.#bar = this.#place.querySelector('progress')!;
  }

  begin(text: string): Step {
    const step: Step = {
      show: (line, share) => {
        if (this.#current === step) this.#show(line, share);
      },
      end: () => {
        if (this.#current === step) this.#place.hidden = true;
      },
    };
    this.#current = step;
    this.#show(text);
    return step;
  }

  /** Shows the line with the seconds that have passed while `work` goes on. */
  async during<T>(text: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const step = this.begin(text);
    const timer = setInterval(() => step.show(`${text}, ${time(performance.now() - start)}`), 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      step.end();
    }
  }

  #show(text: string, share?: number): void {
    this.#text.textContent = text;
    if (share === undefined) this.#bar.removeAttribute('value');
    else this.#bar.value = share;
    this.#place.hidden = false;
  }
}

/** Loading in words and as a share. */
export function loading({ stage, done, total }: Progress): [text: string, share: number | undefined] {
  const share = total > 0 ? done / total : undefined;
  if (stage === 'check') return ['Checking the weights', share];
  return [`Loading the weights: ${megabytes(done)}${total > 0 ? ` of ${megabytes(total)}` : ''}`, share];
}
