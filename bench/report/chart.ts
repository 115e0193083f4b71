// Draws charts to SVG text with Vega-Lite, without a DOM, and sets each into a figure with title, text and table. Every
// chart is drawn for a wide and for a narrow screen, so that its letters keep their size. Colours are CSS variables of
// the page, so that one drawing serves light and dark.

import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';
import { details, Html, html, nothing, type Table, table } from '../../src/report/html.ts';

export interface Chart {
  readonly title: string;
  /** What the picture shows, in a sentence or two: its caption and its text alternative. */
  readonly caption: string;
  /** Specs to stand side by side within `width` pixels. */
  draw(width: number): readonly Spec[];
  readonly legend?: readonly LegendEntry[];
  readonly table: Table;
}

export type Spec = TopLevelSpec;

/** `color` is a CSS colour; `symbol` is drawn in place of a square. */
export interface LegendEntry {
  readonly color: string;
  readonly name: string;
  readonly note?: string;
  readonly symbol?: string;
}

/** Screens of at least WIDE pixels (src/report/style.ts) get the wide drawing. */
const widths = { wide: 912, narrow: 356 } as const;

/** Below this the drawing is for a narrow screen. */
export const isNarrow = (width: number) => width < 600;

const config: Config = {
  font: 'inherit',
  background: 'transparent',
  view: { stroke: null },
  axis: {
    domain: false,
    ticks: false,
    grid: true,
    gridColor: 'var(--grid)',
    labelColor: 'var(--muted)',
    labelFontSize: 11,
    labelLimit: 0,
    labelPadding: 6,
    titleColor: 'var(--muted)',
    titleFontSize: 11,
    titleFontWeight: 600,
    titlePadding: 8,
  },
  axisX: { minExtent: 18, maxExtent: 18, labelFlush: false },
  text: { fontSize: 11, color: 'var(--ink)' },
};

export async function figure(chart: Chart): Promise<Html> {
  const wide = await drawing(chart, widths.wide);
  const narrow = await drawing(chart, widths.narrow);
  return html`<figure>
<figcaption><h3>${chart.title}</h3><p>${chart.caption}</p></figcaption>
${chart.legend ? legend(chart.legend) : nothing}
<div class="wide">${wide}</div>
<div class="narrow">${narrow}</div>
${details('The numbers', table(chart.table, `${chart.title}: the numbers`))}
</figure>`;
}

function legend(entries: readonly LegendEntry[]): Html {
  const items = entries.map(({ color, name, note, symbol }) => {
    const shape = symbol ?? 'M-1,-1h2v2h-2Z';
    const key = html`<svg viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path d="${shape}" fill="${color}"/></svg>`;
    return html`<li>${key}${name}${note ? html` <small>${note}</small>` : nothing}</li>`;
  });
  return html`<ul class="legend">${items}</ul>`;
}

async function drawing(chart: Chart, width: number): Promise<Html[]> {
  const label = `${chart.title}. ${chart.caption}`;
  return Promise.all(chart.draw(width).map(async (spec) => inlineSvg(await svgOf(spec), label)));
}

async function svgOf(spec: Spec): Promise<string> {
  // Sizes follow from the spec alone, never from measured text, which differs between Node and a page.
  const { spec: vega } = compile({ autosize: 'none', ...spec }, { config });
  const view = new View(parse(vega), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** Vega's file made part of a page: one name for the whole, tooltips on the marks, coordinates to a tenth of a pixel. */
function inlineSvg(svg: string, label: string): Html {
  const size = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!;
  const body = svg
    .slice(svg.indexOf('>') + 1)
    .replace(/<path aria-label="([^"]*)" role="graphics-symbol"([^>]*?)\/>/g, '<path$2><title>$1</title></path>')
    .replace(/<path class="(?:back|fore)ground"[^>]*\/>/g, '')
    .replace(/ (?:(?:aria-[a-z]+|role|pointer-events|stroke-miterlimit)="[^"]*"|opacity="1")/g, '')
    .replace(/ (?:transform|d|x2|y2|width|height)="[^"]*"/g, (attribute) =>
      attribute.replace(/-?\d+\.\d\d+/g, (number) => String(Math.round(Number(number) * 10) / 10)),
    );
  const open = html`<svg viewBox="0 0 ${size[1]!} ${size[2]!}" width="${size[1]!}" height="${size[2]!}" role="img" aria-label="${label}">`;
  return new Html(open.text + body);
}

/** An axis title that stands upright above the axis, `left` pixels to the left of it. */
export function uprightTitle(left: number) {
  return {
    titleAngle: 0,
    titleAlign: 'left',
    titleAnchor: 'start',
    titleBaseline: 'bottom',
    titleX: -left,
    titleY: -8,
  } as const;
}

/** A numeric x or y over `domain`, from the smallest to the largest of its values where that is left out. */
export function numeric<Axis extends object>(field: string, axis: Axis, domain?: readonly number[], log = false) {
  const within = domain ? { domain: [...domain] } : {};
  const scale = { ...(log ? ({ type: 'log' } as const) : {}), ...within, nice: false };
  const values = log && domain ? logTicks(domain) : undefined;
  const ticks = values ? { values, tickCount: values.length, labelOverlap: false as const } : {};
  return { field, type: 'quantitative' as const, stack: null, scale, axis: { ...axis, ...ticks } };
}

/** Powers of ten within the domain, with 2 and 5 times them where it spans less than two and a half decades. */
function logTicks([from, to]: readonly number[]): number[] {
  const steps = Math.log10(to! / from!) < 2.5 ? [1, 2, 5] : [1];
  const first = Math.floor(Math.log10(from!));
  const powers = Array.from({ length: Math.ceil(Math.log10(to!)) - first + 1 }, (_, i) => first + i);
  const all = powers.flatMap((power) => steps.map((step) => Number((step * 10 ** power).toPrecision(1))));
  return all.filter((tick) => tick >= from! && tick <= to!);
}

/** Room for the longest of the names at the left of an axis, in pixels: about 6.2 a letter at 11 pixels. */
export function roomFor(names: readonly string[], most: number): number {
  return Math.min(most, 16 + Math.ceil(6.2 * Math.max(...names.map((name) => name.length))));
}

/** Letters that fit into such room. */
export const lettersIn = (room: number) => Math.floor((room - 16) / 6.2);

/** Rows that stand in the given order, named by an axis of their own. */
export function inRows<Axis extends object>(field: string, rows: readonly string[], axis: Axis) {
  return { field, type: 'nominal' as const, sort: null, scale: { domain: [...rows] }, axis };
}
