// Numbers and lists as a terminal shows them. Pure but for the question whether colours are wanted.

import { styleText } from 'node:util';
import { alignColumns } from '../graph/print.ts';

type Style = 'bold' | 'dim' | 'red' | 'yellow' | 'green';

/** Coloured only on a terminal that takes colours, and never with NO_COLOR set. */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  const plain = !stream.isTTY || process.env.NO_COLOR || process.env.TERM === 'dumb';
  return plain ? text : styleText(style, text);
}

/** Decimal units, as file managers and downloads show them: `95.1 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const unit = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9];
  return `${(bytes / (unit[1] as number)).toFixed(1)} ${unit[0]}`;
}

/** `4.2 ms`, `310 ms`, `12.6 s`, `2 min 05 s`. */
export function timeText(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const two = (value: number) => String(value % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min ${two(seconds)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(minutes)} min`;
}

const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/** A bar of at most `width` cells for a share of 0 to 1, in eighths of a cell. */
export function barText(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8);
  return '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7];
}

/** Rows with aligned columns, indented; columns in `right` are right-aligned. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = [], indent = 2): string {
  if (rows.length === 0) return '';
  return alignColumns(rows, right)
    .map((line) => ' '.repeat(indent) + line)
    .join('\n');
}

/** How far a download is: `45.2 MB of 95.1 MB, 3.1 MB/s, 16.1 s left`; no speed in the first moments. */
export function downloadText(bytes: number, total: number, seconds: number): string {
  const amount = `${bytesText(bytes)} of ${bytesText(total)}`;
  if (seconds < 0.5 || bytes === 0) return amount;
  const speed = bytes / seconds;
  const left = bytes < total ? `, ${timeText(((total - bytes) / speed) * 1000)} left` : '';
  return `${amount}, ${bytesText(Math.round(speed))}/s${left}`;
}

/** How fast images go: `3.2 images/s, 1 min 05 s left`. */
export function rateText(done: number, of: number, seconds: number): string {
  const rate = done / Math.max(seconds, 1e-3);
  const left = done > 0 && done < of ? `, ${timeText(((of - done) / rate) * 1000)} left` : '';
  return `${rate < 9.95 ? rate.toPrecision(2) : rate.toFixed(0)} images/s${left}`;
}

/** The first line of whatever was thrown. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] || 'unknown error';
}

export const print = (text = ''): void => console.log(text);
