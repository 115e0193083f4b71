// How long a run takes in each engine: one case as bars, or many cases as the peers' ratios to ours.

import type { CaseResult } from '../../results.ts';
import { type Chart, inRows, isNarrow, lettersIn, numeric, roomFor, type Spec, uprightTitle } from '../chart.ts';
import { digits, inOrder, kindOf, OURS, shorten, time, times } from '../format.ts';

const ROW = 30;

export type NamedCase = readonly [name: string, result: CaseResult];

/** Bars from 0 while the longest is at most this many times the shortest; dots on a log scale beyond. */
const LINEAR = 100;

/** Median time of every engine on one case, with the range of its runs and the ratio to ours; `what` the time is of. */
export function timesChart([name, result]: NamedCase, ratios: Readonly<Record<string, number>>, what: string): Chart {
  const engines = inOrder(Object.keys(result.engines), (engine) => result.engines[engine]!.median);
  const rows = engines.map((engine) => {
    const { median, min, max } = result.engines[engine]!;
    const ratio = ratios[engine];
    const label = ratio === undefined ? time(median) : `${time(median)}, ${times(ratio)}`;
    return {
      engine,
      median,
      min,
      max,
      label,
      kind: kindOf(engine),
      tip: `${engine}: median ${time(median)}, ${time(min)} to ${time(max)}`,
    };
  });
  const longest = Math.max(...rows.map((row) => row.max));
  const shortest = Math.min(...rows.map((row) => row.min));
  const log = shortest > 0 && longest > LINEAR * shortest;
  const told = rows.map((row) => `${row.engine} ${row.label}`).join('; ');
  return {
    title: `${name}: ${what}`,
    caption:
      `Median until the result is read back; ${log ? 'further left is better (log scale)' : 'shorter is better'}. The thin line spans ` +
      `all runs; × is that engine's time over ours. ${told}.`,
    draw: (width) => [timesSpec(rows, engines, width, log, log ? [floor(shortest), longest] : [0, longest])],
    table: {
      columns: [
        { title: 'engine', text: true },
        { title: 'median ms' },
        { title: 'fastest ms' },
        { title: 'slowest ms' },
        { title: 'ratio' },
      ],
      rows: rows.map(({ engine, median, min, max }) => ({
        cells: [
          engine,
          digits(median),
          digits(min),
          digits(max),
          ratios[engine] === undefined ? '' : times(ratios[engine]),
        ],
        ours: engine === OURS,
      })),
    },
  };
}

function floor(value: number): number {
  return 10 ** Math.floor(Math.log10(value / 1.5));
}

function timesSpec(values: object[], engines: string[], width: number, log: boolean, domain: number[]): Spec {
  const left = isNarrow(width) ? 88 : 132;
  const right = 104;
  const y = inRows('engine', engines, { grid: false, title: null, labelFontSize: 12, labelColor: 'var(--ink)' });
  const title = `milliseconds${log ? ', log scale' : ''}`;
  const color = kindColor(['var(--ours)', 'var(--peer)', 'var(--cpu)']);
  const tip = { field: 'tip' } as const;
  const x = numeric('median', { title, tickCount: isNarrow(width) ? 3 : 6, labelExpr: LABEL }, domain, log);
  const encoding = { x, color, description: tip };
  const dot = { type: 'circle', size: 130, opacity: 1 } as const;
  const bar = { type: 'bar', height: 18, cornerRadiusEnd: 3 } as const;
  const range = { x: { ...x, field: 'min' }, x2: { field: 'max' } };
  const whisker = { mark: { type: 'rule', color: 'var(--whisker)' } as const, encoding: range };
  return {
    width: width - left - right,
    height: { step: ROW },
    padding: { left, right, top: 4, bottom: 42 },
    data: { values },
    encoding: { y },
    layer: [
      ...(log ? [whisker, { mark: dot, encoding }] : [{ mark: bar, encoding }, whisker]),
      {
        mark: { type: 'text', align: 'left', dx: 10, fontSize: 12, fontWeight: 600 },
        encoding: { x: { ...x, field: 'max' }, text: { field: 'label' } },
      },
    ],
  };
}

/** Ticks in whole numbers without a unit prefix: the title names the unit. */
const LABEL = "format(datum.value, datum.value < 1 ? '~g' : ',~f')";

function kindColor(range: string[]) {
  return { field: 'kind', type: 'ordinal', scale: { domain: [0, 1, 2], range }, legend: null } as const;
}

/** The peers' ratios over many cases: a row a case, a mark a peer, a line at 1. */
export function ratiosChart(
  title: string,
  cases: readonly NamedCase[],
  ratios: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Chart | undefined {
  const peers = inOrder([...new Set(cases.flatMap(([name]) => Object.keys(ratios[name] ?? {})))]);
  const rows = cases.flatMap(([name]) =>
    peers.flatMap((peer) => {
      const ratio = ratios[name]?.[peer];
      if (ratio === undefined || !(ratio > 0)) return [];
      return [{ name: shortCase(name), peer, ratio, tip: `${name}: ${peer} takes ${times(ratio)} our time` }];
    }),
  );
  if (rows.length === 0) return undefined;
  const names = cases.map(([name]) => shortCase(name));
  const ahead = rows.filter(({ ratio }) => ratio > 1).length;
  return {
    title,
    caption:
      "Each mark is a peer's median time over ours (log scale): right of the line at 1 Plumage is faster. " +
      `It is in ${ahead} of ${rows.length} comparisons.`,
    draw: (width) => [ratiosSpec(rows, names, peers, width)],
    legend: peers.map((name, i) => ({ name, color: peerColors[i % 5]!, symbol: i % 2 ? DIAMOND : CIRCLE })),
    table: {
      columns: [{ title: 'case', text: true }, ...peers.map((peer) => ({ title: `${peer} / ours` }))],
      rows: cases.map(([name]) => ({
        cells: [name, ...peers.map((peer) => (ratios[name]?.[peer] === undefined ? '' : times(ratios[name][peer]!)))],
      })),
    },
  };
}

const peerColors = ['var(--k2)', 'var(--k3)', 'var(--k4)', 'var(--k5)', 'var(--k6)'];
const CIRCLE = 'M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z';
const DIAMOND = 'M0,-1.2L1,0L0,1.2L-1,0Z';

/** The suite's name says nothing in its own section, and most kernels are convolutions. */
export function shortCase(name: string): string {
  return name.replace(/^kernels\/(conv2d\/)?/, '');
}

function ratiosSpec(values: { ratio: number }[], names: string[], peers: string[], width: number): Spec {
  const narrow = isNarrow(width);
  const left = roomFor(names, narrow ? 150 : 260);
  const right = 24;
  const ratios = values.map(({ ratio }) => ratio);
  const domain = [Math.min(0.8, ...ratios) / 1.2, Math.max(1.25, ...ratios) * 1.2];
  const labels = Object.fromEntries(names.map((name) => [name, shorten(name, lettersIn(left))]));
  return {
    width: width - left - right,
    height: { step: 20 },
    padding: { left, right, top: 26, bottom: 42 },
    data: { values },
    layer: [
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: 'var(--muted)', strokeWidth: 1.5 },
        encoding: { x: { datum: 1 } },
      },
      {
        mark: { type: 'point', filled: true, size: 70, opacity: 0.95 },
        encoding: {
          x: numeric(
            'ratio',
            { title: "peer's time / ours, log scale", tickCount: narrow ? 3 : 6, labelExpr: LABEL },
            domain,
            true,
          ),
          y: inRows('name', names, {
            title: 'case',
            labelExpr: `(${JSON.stringify(labels)})[datum.value]`,
            gridDash: [1, 3],
            ...uprightTitle(left),
          }),
          color: { field: 'peer', scale: { domain: peers, range: peerColors }, legend: null },
          shape: {
            field: 'peer',
            scale: { domain: peers, range: peers.map((_, i) => (i % 2 ? 'diamond' : 'circle')) },
            legend: null,
          },
          description: { field: 'tip' },
        },
      },
    ],
  };
}
