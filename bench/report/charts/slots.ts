// The memory plan as it lies: every slot a band as high as its bytes, every value a box from its first to its last dispatch.

import type { MemoryResult, PlannedValue } from '../../results.ts';
import { type Chart, isNarrow, numeric, type Spec, uprightTitle } from '../chart.ts';
import { digits, megabytes } from '../format.ts';

const HEIGHT = 300;

interface Box {
  readonly from: number;
  readonly to: number;
  readonly low: number;
  readonly high: number;
  readonly tip: string;
}

/** Undefined where the run did not say which values there are. */
export function slotsChart(title: string, { values = [], alive }: MemoryResult): Chart | undefined {
  if (values.length === 0) return undefined;
  const sizes = slotSizes(values);
  let bottom = 0;
  const bands = [...sizes].map(([slot, bytes]) => {
    const low = bottom;
    bottom += bytes;
    return { slot, low };
  });
  const boxes = values.map(({ label, slot, bytes, first, last }): Box => {
    const { low } = bands.find((band) => band.slot === slot)!;
    // Inputs are there before the first dispatch and outputs after the last.
    const [from, to] = [Math.max(first, -1) + 0.5, Math.min(last, alive.length) + 1.5];
    const tip = `${label}: ${megabytes(bytes)}, dispatch ${Math.max(first, 0) + 1} to ${Math.min(last + 1, alive.length)}`;
    return { from, to, low: low / 1e6, high: (low + bytes) / 1e6, tip };
  });
  return {
    title,
    caption: `${values.length} values take turns in ${sizes.size} slots. A band is a slot, a box a value from the dispatch that writes it to its last reader; empty space is memory that waits.`,
    draw: (width) => [slotsSpec(boxes, bands, bottom / 1e6, alive.length, width)],
    table: {
      columns: [
        { title: 'value', text: true },
        { title: 'slot' },
        { title: 'MB' },
        { title: 'first dispatch' },
        { title: 'last dispatch' },
      ],
      rows: values.map(({ label, slot, bytes, first, last }) => ({
        cells: [label, String(slot), digits(bytes / 1e6), String(first + 1), String(last + 1)],
      })),
    },
  };
}

/** Bytes by slot, the largest first. */
function slotSizes(values: readonly PlannedValue[]): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const { slot, bytes } of values) sizes.set(slot, Math.max(bytes, sizes.get(slot) ?? 0));
  return new Map([...sizes].sort((a, b) => b[1] - a[1]));
}

function slotsSpec(boxes: Box[], bands: { low: number }[], top: number, dispatches: number, width: number): Spec {
  const left = 40;
  const right = 12;
  const xAxis = { title: 'dispatch', grid: false, tickCount: isNarrow(width) ? 5 : 10 };
  const x = numeric('from', xAxis, [-0.5, dispatches + 1.5]);
  const yAxis = { title: 'megabytes, slots upon each other', tickCount: 5, grid: false, ...uprightTitle(left) };
  const y = numeric('low', yAxis, [0, top]);
  return {
    width: width - left - right,
    height: HEIGHT,
    padding: { left, right, top: 26, bottom: 42 },
    layer: [
      {
        data: { values: boxes },
        mark: { type: 'rect', color: 'var(--ours)', opacity: 0.6, stroke: 'var(--surface)', strokeWidth: 0.8 },
        encoding: { x, x2: { field: 'to' }, y, y2: { field: 'high' }, description: { field: 'tip', type: 'nominal' } },
      },
      {
        data: { values: bands.map(({ low }) => ({ low: low / 1e6 })) },
        mark: { type: 'rule', color: 'var(--muted)', strokeWidth: 0.7 },
        encoding: { y },
      },
    ],
  };
}
