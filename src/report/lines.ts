// Line charts as SVG text in a figure: for a wide and for a narrow screen, colours as the page's variables, tooltips on the
// points that are marked, the numbers in a table below. No DOM and no library.

import { digits } from './format.ts';
import { details, type Html, html, nothing, type Table, table } from './html.ts';

export type Point = readonly [x: number, y: number];

export interface Line {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  readonly points: readonly Point[];
  /** `faint`: noise behind another line. `dots`: single values, not joined where there is one only. */
  readonly look?: 'faint' | 'dots';
}

export interface LineChart {
  readonly title: string;
  readonly caption: string;
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  /** How values of y are shown. */
  readonly show?: (y: number) => string;
  /** The largest y of the axis, where it is known. */
  readonly top?: number;
  readonly table: Table;
}

const widths = { wide: 912, narrow: 356 } as const;
const margins = { left: 58, right: 16, top: 24, bottom: 40 } as const;

/** Points that a line is drawn through at most; more are averaged in groups. */
const MOST_POINTS = 500;
/** Points with tooltips at most. */
const MOST_MARKS = 250;

export function lineFigure(chart: LineChart): Html {
  const items = chart.lines.map(
    ({ name, color, look }) =>
      html`<li><svg viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path d="M-1,-1h2v2h-2Z" fill="${color}" fill-opacity="${look === 'faint' ? 0.35 : 1}"/></svg>${name}</li>`,
  );
  return html`<figure>
<figcaption><h3>${chart.title}</h3><p>${chart.caption}</p></figcaption>
<ul class="legend">${items}</ul>
<div class="wide">${drawing(chart, widths.wide, 260)}</div>
<div class="narrow">${drawing(chart, widths.narrow, 200)}</div>
${details('The numbers', table(chart.table, `${chart.title}: the numbers`))}
</figure>`;
}

function drawing(chart: LineChart, width: number, height: number): Html {
  const { lines, show = String } = chart;
  const points = lines.flatMap((line) => line.points.filter(isFinitePoint));
  const [least, most] = rangeOf(points.map(([x]) => x));
  const top = chart.top ?? niceTop(rangeOf(points.map(([, y]) => y))[1]);
  const { left, right, bottom } = margins;
  const x = (value: number) => left + ((value - least) / (most - least || 1)) * (width - left - right);
  const y = (value: number) => height - bottom - (Math.min(value, top) / top) * (height - bottom - margins.top);
  const rows = ticks(0, top, 4).map(
    (value) =>
      html`<line x1="${left}" x2="${width - right}" y1="${tenth(y(value))}" y2="${tenth(y(value))}" stroke="var(--grid)"/>
<text x="${left - 8}" y="${tenth(y(value))}" text-anchor="end" dominant-baseline="central">${show(value)}</text>`,
  );
  const columns = ticks(least, most, width < 600 ? 4 : 8).map(
    (value) => html`<text x="${tenth(x(value))}" y="${height - bottom + 18}" text-anchor="middle">${value}</text>`,
  );
  const place = ([px, py]: Point): string => `${tenth(x(px))},${tenth(y(py))}`;
  return html`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${chart.title}. ${chart.caption}" font-size="11" fill="var(--muted)">
${rows}
${columns}
<text x="0" y="11" font-weight="600">${chart.y}</text>
<text x="${width - right}" y="${height - 6}" text-anchor="end" font-weight="600">${chart.x}</text>
${lines.map((line) => drawLine(line, place, chart))}
</svg>`;
}

function drawLine({ name, color, points, look }: Line, place: (point: Point) => string, chart: LineChart): Html {
  const drawn = thin(points.filter(isFinitePoint), MOST_POINTS);
  if (drawn.length === 0) return nothing;
  const width = look === 'faint' ? 1 : 2;
  const path = html`<polyline points="${drawn.map(place).join(' ')}" fill="none" stroke="${color}" stroke-width="${width}" stroke-opacity="${look === 'faint' ? 0.35 : 1}" stroke-linejoin="round"/>`;
  if (look === 'faint') return path;
  const radius = look === 'dots' || drawn.length === 1 ? 3.5 : 6;
  const opacity = radius === 6 ? 0 : 1;
  const marks = drawn.length > MOST_MARKS ? [] : drawn;
  const circles = marks.map((point) => {
    const [cx, cy] = place(point).split(',') as [string, string];
    const tip = `${name}: ${(chart.show ?? digits)(point[1])} at ${chart.x} ${digits(point[0])}`;
    return html`<circle cx="${cx}" cy="${cy}" r="${radius}" fill="${color}" fill-opacity="${opacity}"><title>${tip}</title></circle>`;
  });
  return html`${path}${circles}`;
}

/** At most `count` points, each the mean of its neighbours; the last one ends where the line ends. */
export function thin(points: readonly Point[], count: number): Point[] {
  if (points.length <= count) return [...points];
  const size = Math.ceil(points.length / count);
  const groups = Array.from({ length: Math.ceil(points.length / size) }, (_, i) =>
    points.slice(i * size, (i + 1) * size),
  );
  return groups.map((group) => {
    const mean = group.reduce((sum, [, y]) => sum + y, 0) / group.length;
    return [group.at(-1)![0], mean];
  });
}

/** Round values from `from` to `to`, about `count` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks(from: number, to: number, count: number): number[] {
  const rough = (to - from) / count;
  if (!(rough > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999)!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The end of an axis from 0 that holds `most`: a tick or half of one above it. */
function niceTop(most: number): number {
  if (!(most > 0)) return 1;
  const step = (ticks(0, most, 4)[1] ?? most) / 2;
  return Math.ceil(most / step) * step;
}

const isFinitePoint = ([x, y]: Point): boolean => Number.isFinite(x) && Number.isFinite(y);
const rangeOf = (values: readonly number[]): [number, number] =>
  values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
const tenth = (value: number): number => Math.round(value * 10) / 10;
