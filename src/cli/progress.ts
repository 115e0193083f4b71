// What a waiting user sees, on stderr only: a bar for downloads, a spinner for slow steps, and plain lines now and then
// where stderr is no terminal.

import { SingleBar } from 'cli-progress';
import type { FetchProgress } from '../node/fetchWeights.ts';
import { bytesText, downloadText, paint } from './text.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const LINE_AFTER_MS = 2000;
const LINE_EVERY_MS = 10_000;
const CONVERTING = 'converting the weights';

/** With `quiet` (for --json) nothing but errors is shown, except on a terminal. */
export function startProgress(quiet = false): Progress {
  if (process.stderr.isTTY) return new TerminalProgress();
  return quiet ? new Progress() : new LineProgress();
}

/** Shows errors and nothing else; the two below show more. */
export class Progress {
  /** Runs a step and shows that it is running. */
  during<T>(_label: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  download(_progress: FetchProgress): void {}

  /** How many parts of the step are done, and what comes next. */
  parts(_done: number, _of: number, _next: string): void {}

  /** As `parts`, for many of the same kind: `text` says how fast. */
  count(_done: number, _of: number, _text: string): void {}

  line(_text: string): void {}

  error(message: string): void {
    process.stderr.write(`${paint('red', 'plumage:', process.stderr)} ${message}\n`);
  }
}

class TerminalProgress extends Progress {
  #label = '';
  #bar: SingleBar | undefined;
  #started = 0;
  #bytes = 0;

  override async during<T>(label: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    let frame = 0;
    this.#label = label;
    // At once, for a step may leave no time for the timer.
    replaceLine(`${FRAMES[frame++]} ${label}`);
    const timer = setInterval(() => {
      if (this.#bar) return;
      const elapsed = performance.now() - start;
      const seconds = elapsed > LINE_AFTER_MS ? ` ${Math.floor(elapsed / 1000)} s` : '';
      replaceLine(`${FRAMES[frame++ % FRAMES.length]} ${this.#label}${paint('dim', seconds, process.stderr)}`);
    }, 100);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      this.#stopBar();
      replaceLine('');
    }
  }

  override download({ stage, bytes, total }: FetchProgress): void {
    if (stage === 'convert') {
      this.#stopBar();
      this.#label = CONVERTING;
      replaceLine(`${FRAMES[0]} ${CONVERTING}`);
      return;
    }
    // Fewer bytes than before: it is fetched again.
    if (!this.#bar || bytes < this.#bytes) {
      this.#started = performance.now();
      this.#startBar('weights {bar} {percentage} %  {text}', total);
    }
    this.#bytes = bytes;
    this.#bar?.update(bytes, { text: downloadText(bytes, total, (performance.now() - this.#started) / 1000) });
  }

  override parts(done: number, of: number, next: string): void {
    if (!this.#bar) this.#startBar(`${this.#label} {bar} {value} of {total}  {text}`, of);
    this.#bar?.update(done, { text: next });
  }

  override count(done: number, of: number, text: string): void {
    this.parts(done, of, text);
  }

  override line(text: string): void {
    this.#stopBar();
    replaceLine(`${text}\n`);
  }

  override error(message: string): void {
    this.#stopBar();
    replaceLine('');
    super.error(message);
  }

  #startBar(format: string, total: number): void {
    this.#stopBar();
    const looks = {
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
    };
    this.#bar = new SingleBar({ ...looks, format, stream: process.stderr });
    this.#bar.start(total, 0, { text: '' });
  }

  #stopBar(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

function replaceLine(text: string): void {
  process.stderr.write(`\r\x1b[K${text}`);
}

class LineProgress extends Progress {
  #timer: NodeJS.Timeout | undefined;
  #started = 0;
  #last = 0;

  override async during<T>(label: string, work: () => Promise<T>): Promise<T> {
    this.#timer = setTimeout(() => this.line(`${label} ...`), LINE_AFTER_MS);
    try {
      return await work();
    } finally {
      clearTimeout(this.#timer);
    }
  }

  override download({ stage, bytes, total }: FetchProgress): void {
    clearTimeout(this.#timer); // its own lines say more
    if (stage === 'convert') {
      if (bytes < total) this.line(`${CONVERTING} ...`);
      return;
    }
    const now = performance.now();
    if (this.#started === 0) {
      this.#started = this.#last = now;
      this.line(`fetching the weights, ${bytesText(total)} ...`);
    } else if (now - this.#last >= LINE_EVERY_MS || bytes === total) {
      this.#last = now;
      this.line(`weights: ${downloadText(bytes, total, (now - this.#started) / 1000)}`);
    }
  }

  override parts(done: number, of: number, next: string): void {
    this.count(done, of, `next ${next}`);
  }

  override count(done: number, of: number, text: string): void {
    const now = performance.now();
    if (now - this.#last < LINE_EVERY_MS) return;
    this.#last = now;
    this.line(`${done} of ${of} done, ${text}`);
  }

  override line(text: string): void {
    process.stderr.write(`${text}\n`);
  }
}
