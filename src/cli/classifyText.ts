// What `plumage classify` prints for people.

import type { Prediction } from '../engine/likeliest.ts';
import type { Peak } from '../gpu/ceilings.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { LayerTime } from '../gpu/profile.ts';
import { alignColumns } from '../graph/print.ts';
import type { Precision } from '../graph/target.ts';
import { barText, paint, table, timeText } from './text.ts';

const BAR = 20;

/** Milliseconds; `first` and `steady` are one photo from its upload to its answer. */
export interface Milliseconds {
  weights: number;
  plan: number;
  pipelines: number;
  first: number;
  steady: number;
}

/** A photo's classes, likeliest first: percent, bar, label. */
export function resultText(name: string, top: readonly Prediction[]): string {
  const rows = top.map(({ label, probability }) => [
    percent(probability),
    barText(probability, BAR),
    label.replaceAll('_', ' '),
  ]);
  return `${paint('bold', name)}\n${table(rows, [0])}`;
}

/** The adapter with the precision, and what it means for speed where it is software. */
export function adapterText({ name, software }: AdapterDescription, host: string, precision: Precision): string {
  const line = `adapter  ${paint('bold', name)} (${software ? 'software' : 'GPU'}, ${host}, ${precision})`;
  if (!software) return line;
  return `${line}\n         ${paint('yellow', 'It computes on the CPU: expect seconds a photo where a GPU takes milliseconds.')}`;
}

export function timesText({ weights, plan, pipelines, first, steady }: Milliseconds): string {
  const parts = { weights, plan, pipelines, 'first run': first, 'steady run': steady };
  return `time     ${Object.entries(parts)
    .map(([name, milliseconds]) => `${name} ${timeText(milliseconds)}`)
    .join(' · ')}`;
}

const SLOWEST = 15;

/** The slowest layers against the adapter's own measured ceiling of multiply-adds. */
export function profileText({ peak, layers }: { peak: Peak; layers: readonly LayerTime[] }): string {
  const total = layers.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const slowest = [...layers].sort((a, b) => b.milliseconds - a.milliseconds).slice(0, SLOWEST);
  const rest = total - slowest.reduce((sum, layer) => sum + layer.milliseconds, 0);
  const rows = slowest.map((layer) => [
    layer.name,
    layer.kernel,
    layer.milliseconds.toFixed(2),
    percent(layer.milliseconds / total || 0),
    layer.gflops.toFixed(2),
    percent(layer.gflops / peak.gflops),
    layer.gigabytes.toFixed(2),
  ]);
  const others = layers.length - slowest.length;
  if (others > 0) rows.push([`the other ${others}`, '', rest.toFixed(2), percent(rest / total || 0), '', '', '']);
  const header = ['layer', 'kernel', 'ms', 'share', 'GFLOP/s', 'of peak', 'GB/s'];
  return [
    ...alignColumns([header, ...rows], [2, 3, 4, 5, 6]),
    `${layers.length} dispatches, ${timeText(total)} in all`,
    `multiply-add peak of this adapter, measured just now: ${peak.gflops.toFixed(1)} GFLOP/s`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
