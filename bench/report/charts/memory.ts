// Memory over the plan: bytes of activations alive at each dispatch, under what the slots hold.

import type { MemoryResult } from '../../results.ts';
import { type Chart, isNarrow, numeric, type Spec, uprightTitle } from '../chart.ts';
import { digits, megabytes, percent } from '../format.ts';

const HEIGHT = 240;

/** Undefined where nothing is known of the plan. */
export function memoryChart(title: string, memory: MemoryResult): Chart | undefined {
  const { alive, activationBytes, lowerBoundBytes, constantBytes } = memory;
  if (alive.length === 0) return undefined;
  const over = lowerBoundBytes > 0 ? ` (${percent(activationBytes / lowerBoundBytes - 1)} over it)` : '';
  const peak = alive.indexOf(Math.max(...alive));
  return {
    title,
    caption:
      `Activations alive at each of ${alive.length} dispatches. The slots hold ${megabytes(activationBytes)}; no plan in this order can do ` +
      `with less than ${megabytes(lowerBoundBytes)}${over}, reached at dispatch ${peak + 1}. The weights take ${megabytes(constantBytes)} besides.`,
    draw: (width) => [memorySpec(memory, width)],
    table: {
      columns: [{ title: 'dispatch' }, { title: 'alive MB' }],
      rows: alive.map((bytes, i) => ({ cells: [String(i + 1), digits(bytes / 1e6)] })),
    },
  };
}

function memorySpec({ alive, activationBytes, lowerBoundBytes }: MemoryResult, width: number): Spec {
  const left = 40;
  const right = 12;
  // A dispatch is a step as wide as one; the last needs an end of its own.
  const values = [...alive, alive.at(-1)!].map((bytes, i) => ({ dispatch: i + 0.5, megabytes: bytes / 1e6 }));
  const top = Math.max(activationBytes, ...alive) / 1e6;
  const xAxis = { title: 'dispatch', grid: false, tickCount: isNarrow(width) ? 5 : 10 };
  const x = numeric('dispatch', xAxis, [0.5, alive.length + 0.5]);
  const y = numeric('megabytes', { title: 'megabytes', tickCount: 4, ...uprightTitle(left) }, [0, top * 1.22]);
  const line = (bytes: number, text: string, dashed: boolean, baseline: 'top' | 'bottom') => [
    {
      mark: { type: 'rule', color: 'var(--ink)', strokeWidth: 1.5, ...(dashed ? { strokeDash: [5, 4] } : {}) } as const,
      data: { values: [{ megabytes: bytes / 1e6 }] },
      encoding: { y },
    },
    {
      mark: { type: 'text', align: 'right', baseline, dy: baseline === 'top' ? 5 : -5, fontWeight: 600 } as const,
      data: { values: [{ megabytes: bytes / 1e6 }] },
      encoding: { x: { value: width - left - right - 2 }, y, text: { value: text } },
    },
  ];
  return {
    width: width - left - right,
    height: HEIGHT,
    padding: { left, right, top: 26, bottom: 42 },
    layer: [
      {
        data: { values },
        mark: { type: 'area', interpolate: 'step-after', color: 'var(--ours)', opacity: 0.35 },
        encoding: { x, y },
      },
      ...(activationBytes < 1.005 * lowerBoundBytes
        ? line(activationBytes, `slots ${megabytes(activationBytes)}, as little as can be`, false, 'bottom')
        : [
            ...line(activationBytes, `slots ${megabytes(activationBytes)}`, false, 'bottom'),
            ...line(lowerBoundBytes, `lower bound ${megabytes(lowerBoundBytes)}`, true, 'top'),
          ]),
    ],
  };
}
