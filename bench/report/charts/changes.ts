// What changed since an earlier run: our median by case, in percent; what lies beyond the spread of the runs has a colour.

import { type Chart, inRows, isNarrow, lettersIn, numeric, roomFor, type Spec, uprightTitle } from '../chart.ts';
import { type Comparison, ratioText } from '../compare.ts';
import { change, digits, shorten, time } from '../format.ts';

export function changesChart({ cases }: Comparison): Chart | undefined {
  if (cases.length === 0) return undefined;
  const rows = cases.map(({ name, before, after, percent, mark }, i) => ({
    row: String(i),
    name,
    percent,
    mark,
    label: change(percent).replace('-', '\u2212'),
    tip: `${name}: ${time(before.median)} before, ${time(after.median)} now, ${change(percent)}${mark === 'same' ? ', within the spread' : ''}`,
  }));
  const count = (mark: string) => rows.filter((row) => row.mark === mark).length;
  const peers = [...new Set(cases.flatMap((item) => Object.keys(item.peers)))];
  return {
    title: "Plumage's median time against the earlier run",
    caption:
      `Left of 0 is faster now. ${count('faster')} faster and ${count('slower')} slower beyond the spread of the runs; ` +
      `${count('same')} within it, which may be noise.`,
    draw: (width) => [changesSpec(rows, width)],
    legend: [
      { color: 'var(--ours)', name: 'faster' },
      { color: 'var(--worse)', name: 'slower' },
      { color: 'var(--cpu)', name: 'within the spread' },
    ],
    table: {
      columns: [
        { title: 'case', text: true },
        { title: 'before ms' },
        { title: 'now ms' },
        { title: 'change' },
        { title: 'judged', text: true },
        ...peers.map((peer) => ({ title: `${peer} / ours` })),
      ],
      rows: cases.map(({ name, before, after, percent, mark, peers: ratios }) => ({
        cells: [
          name,
          digits(before.median),
          digits(after.median),
          change(percent),
          mark === 'same' ? 'within the spread' : mark,
          ...peers.map((peer) => `${ratioText(ratios[peer]?.before)} → ${ratioText(ratios[peer]?.after)}`),
        ],
      })),
    },
  };
}

interface Row {
  readonly row: string;
  readonly name: string;
  readonly percent: number;
}

function changesSpec(rows: Row[], width: number): Spec {
  const narrow = isNarrow(width);
  const left = roomFor(
    rows.map(({ name }) => name),
    narrow ? 128 : 250,
  );
  const names = Object.fromEntries(rows.map(({ row, name }) => [row, shorten(name, lettersIn(left))]));
  const reach = Math.max(1, ...rows.map(({ percent }) => Math.abs(percent))) * (narrow ? 1.7 : 1.2);
  const x = numeric('percent', { title: 'change of the median, percent', tickCount: narrow ? 3 : 7 }, [-reach, reach]);
  const label = (test: string, align: 'left' | 'right') => ({
    transform: [{ filter: test }],
    mark: { type: 'text', align, dx: align === 'left' ? 6 : -6 } as const,
    encoding: { x, text: { field: 'label' } },
  });
  return {
    width: width - left - 12,
    height: { step: 22 },
    padding: { left, right: 12, top: 26, bottom: 42 },
    data: { values: rows },
    encoding: {
      y: inRows(
        'row',
        rows.map(({ row }) => row),
        { title: 'case', grid: false, labelExpr: `(${JSON.stringify(names)})[datum.label]`, ...uprightTitle(left) },
      ),
    },
    layer: [
      {
        mark: { type: 'bar', height: 13 },
        encoding: {
          x,
          color: {
            field: 'mark',
            scale: { domain: ['faster', 'slower', 'same'], range: ['var(--ours)', 'var(--worse)', 'var(--cpu)'] },
            legend: null,
          },
          description: { field: 'tip', type: 'nominal' },
        },
      },
      label('datum.percent >= 0', 'left'),
      label('datum.percent < 0', 'right'),
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: 'var(--muted)' },
        encoding: { x: { datum: 0 } },
      },
    ],
  };
}
