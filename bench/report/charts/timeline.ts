// The cold start: what each engine does from the blank page to its first result, a row an engine on one clock.

import type { TimelinePart } from '../../results.ts';
import { type Chart, inRows, isNarrow, numeric, type Spec, uprightTitle } from '../chart.ts';
import { digits, inOrder, OURS, shorten, time } from '../format.ts';

const ROW = 30;

/** Colours of the steps, in their order. */
const COLORS = ['var(--k8)', 'var(--k5)', 'var(--k3)', 'var(--k4)', 'var(--k2)', 'var(--k1)', 'var(--k6)', 'var(--k7)'];

interface Row extends TimelinePart {
  /** Steps of one engine that overlap in time lie in lanes below each other. */
  readonly row: string;
  readonly tip: string;
}

export function timelineChart(title: string, timeline: readonly TimelinePart[]): Chart {
  const endOf = (engine: string) => Math.max(...of(engine, timeline).map(({ end }) => end));
  const engines = inOrder([...new Set(timeline.map(({ engine }) => engine))], endOf);
  const rows = engines.flatMap((engine) => inLanes(timeline.filter((part) => part.engine === engine)));
  const steps = stepsOf(timeline);
  const ends = engines.map((engine) => ({ engine, end: endOf(engine) }));
  const told = ends.map(({ engine, end }) => `${engine} ${time(end)}`).join('; ');
  return {
    title,
    caption: `From the blank page, weights in memory, to the first result. Done after: ${told}.`,
    draw: (width) => [timelineSpec(rows, steps, ends, width)],
    legend: steps.map((name, i) => ({ name, color: COLORS[i % COLORS.length]! })),
    table: {
      columns: [
        { title: 'engine', text: true },
        { title: 'step', text: true },
        { title: 'start ms' },
        { title: 'end ms' },
        { title: 'takes ms' },
      ],
      rows: engines.flatMap((engine) =>
        of(engine, timeline).map(({ name, start, end }, i) => ({
          cells: [engine, name, digits(start), digits(end), digits(end - start)],
          ours: engine === OURS,
          begins: i === 0,
        })),
      ),
    },
  };
}

const of = (engine: string, timeline: readonly TimelinePart[]) => timeline.filter((part) => part.engine === engine);

/** Names of the steps in the order in which they begin on average. */
function stepsOf(timeline: readonly TimelinePart[]): string[] {
  const begins = (step: string) => {
    const starts = timeline.filter(({ name }) => name === step).map(({ start }) => start);
    return starts.reduce((a, b) => a + b, 0) / starts.length;
  };
  return [...new Set(timeline.map(({ name }) => name))].sort((a, b) => begins(a) - begins(b));
}

function inLanes(parts: readonly TimelinePart[]): Row[] {
  const free: number[] = [];
  return [...parts]
    .sort((a, b) => a.start - b.start)
    .map((part) => {
      const found = free.findIndex((end) => end <= part.start + 1e-6);
      const lane = found < 0 ? free.length : found;
      free[lane] = part.end;
      const { engine, name, start, end } = part;
      const tip = `${engine}, ${name}: ${time(end - start)}, from ${time(start)} to ${time(end)}`;
      return { ...part, row: `${engine}\n${lane}`, tip };
    });
}

function timelineSpec(rows: Row[], steps: string[], ends: { engine: string; end: number }[], width: number): Spec {
  const narrow = isNarrow(width);
  const left = narrow ? 88 : 132;
  const right = 64;
  const lanes = [...new Set(rows.map(({ row }) => row))].sort(
    (a, b) => engineIndex(ends, a) - engineIndex(ends, b) || a.localeCompare(b),
  );
  const labels = Object.fromEntries(
    lanes.map((lane) => [lane, lane.endsWith('\n0') ? shorten(lane.slice(0, -2), narrow ? 13 : 20) : '']),
  );
  const last = Math.max(...ends.map(({ end }) => end));
  const labelExpr = "format(datum.value / 1000, '~g')";
  const x = numeric('start', { title: 'seconds from the blank page', tickCount: narrow ? 4 : 8, labelExpr }, [0, last]);
  const y = inRows('row', lanes, {
    title: 'engine',
    grid: false,
    labelColor: 'var(--ink)',
    labelFontSize: 12,
    labelExpr: `(${JSON.stringify(labels)})[datum.value]`,
    ...uprightTitle(left),
  });
  return {
    width: width - left - right,
    height: { step: ROW },
    padding: { left, right, top: 26, bottom: 42 },
    layer: [
      {
        data: { values: rows },
        mark: { type: 'bar', height: 18 },
        encoding: {
          x,
          x2: { field: 'end' },
          y,
          color: {
            field: 'name',
            scale: { domain: steps, range: steps.map((_, i) => COLORS[i % COLORS.length]!) },
            legend: null,
          },
          description: { field: 'tip' },
        },
      },
      {
        data: { values: ends.map(({ engine, end }) => ({ row: `${engine}\n0`, end, label: time(end) })) },
        mark: { type: 'text', align: 'left', dx: 8, fontSize: 12, fontWeight: 600 },
        encoding: { x: { ...x, field: 'end' }, y, text: { field: 'label' } },
      },
    ],
  };
}

function engineIndex(ends: readonly { engine: string }[], lane: string): number {
  return ends.findIndex(({ engine }) => lane.startsWith(`${engine}\n`));
}
