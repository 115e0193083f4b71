// GPU memory that each engine holds after a run, and the most that it held at once until then.

import type { MemoryResult } from '../../results.ts';
import { type Chart, isNarrow, numeric, type Spec } from '../chart.ts';
import { digits, inOrder, megabytes, OURS } from '../format.ts';

/** Undefined unless an engine tells. */
export function heldChart(title: string, { engines, peaks = {} }: MemoryResult): Chart | undefined {
  const names = inOrder(Object.keys(engines), (engine) => engines[engine]!);
  if (names.length === 0) return undefined;
  const rows = names.map((engine) => {
    const held = engines[engine]!;
    const peak = Math.max(held, peaks[engine] ?? 0);
    const text = [...new Set([megabytes(held), megabytes(peak)])].join(', at most ');
    return {
      engine,
      megabytes: held / 1e6,
      peak: peak / 1e6,
      ours: engine === OURS,
      label: megabytes(held),
      tip: `${engine}: ${text}`,
    };
  });
  return {
    title,
    caption: `GPU buffers after a run, weights included; shorter is better. The thin line reaches to the most held at once. ${rows.map(({ tip }) => tip).join('; ')}.`,
    draw: (width) => [heldSpec(rows, width)],
    table: {
      columns: [{ title: 'engine', text: true }, { title: 'held MB' }, { title: 'at most MB' }],
      rows: rows.map((row) => ({ cells: [row.engine, digits(row.megabytes), digits(row.peak)], ours: row.ours })),
    },
  };
}

function heldSpec(values: object[], width: number): Spec {
  const left = isNarrow(width) ? 88 : 132;
  const right = 80;
  const x = numeric('megabytes', { title: 'megabytes on the GPU', tickCount: isNarrow(width) ? 3 : 6 });
  return {
    width: width - left - right,
    height: { step: 30 },
    padding: { left, right, top: 4, bottom: 42 },
    data: { values },
    encoding: {
      y: {
        field: 'engine',
        type: 'nominal',
        sort: null,
        axis: { title: null, grid: false, labelColor: 'var(--ink)', labelFontSize: 12 },
      },
    },
    layer: [
      {
        mark: { type: 'bar', height: 18, cornerRadiusEnd: 3 },
        encoding: {
          x,
          color: { condition: { test: 'datum.ours', value: 'var(--ours)' }, value: 'var(--peer)' },
          description: { field: 'tip', type: 'nominal' },
        },
      },
      { mark: { type: 'rule', color: 'var(--whisker)' }, encoding: { x, x2: { field: 'peak' } } },
      {
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 12, fontWeight: 600 },
        encoding: { x: { ...x, field: 'peak' as const }, text: { field: 'label' } },
      },
    ],
  };
}
