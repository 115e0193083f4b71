// Time by layer: a bar a dispatch in network order, coloured by kernel, with its percent of the adapter's FMA peak.

import type { Ceilings, LayerResult } from '../../results.ts';
import { type Chart, inRows, isNarrow, lettersIn, numeric, roomFor, type Spec, uprightTitle } from '../chart.ts';
import { count, digits, percent, shorten, time } from '../format.ts';
import { type Colors, gflopsOf, kernelLegend, layerOf, shareOfPeak, sum, wholeLayers } from './layerSums.ts';

const ROW = 16;
/** More rows than this stand in two columns where there is room. */
const COLUMN = 30;
const GAP = 24;

interface Row {
  readonly row: string;
  readonly name: string;
  readonly kernel: string;
  readonly milliseconds: number;
  readonly label: string;
  readonly share: string;
  readonly tip: string;
}

/** `rows` names what a row is, `order` their order. */
export function layersChart(
  title: string,
  { rows: rowName, order }: { readonly rows: string; readonly order: string },
  layers: readonly LayerResult[],
  { fmaGflops: peak }: Ceilings,
  colors: Colors,
): Chart {
  const all = sum(layers.map(({ milliseconds }) => milliseconds));
  const shared = sharedPath(layers.map(({ name }) => name));
  const shares = sharesOf(layers, peak);
  const rows = layers.map((layer, i): Row => {
    const { name, kernel, milliseconds, flops } = layer;
    const share = shares.get(layer) ?? '';
    const rate = flops > 0 ? `, ${digits(gflopsOf(layer))} GFLOP/s` : '';
    const figures = `${rate}${share ? `, ${share} of peak` : ''}`;
    return {
      row: String(i),
      name: name.slice(shared),
      kernel,
      milliseconds,
      label: time(milliseconds),
      share,
      tip: `${name}, ${kernel}: ${time(milliseconds)}${figures}`,
    };
  });
  const longest = Math.max(...rows.map(({ milliseconds }) => milliseconds));
  const { share: reached, of } = shareOfPeak(layers, peak);
  return {
    title,
    caption:
      `${count(layers.length, 'dispatch', 'dispatches')} of ours, ${order}: ${time(all)} together, each measured by the GPU's own timestamps` +
      (reached > 0
        ? `; ${percent(reached)} of the FMA peak over ${of}. The column at the right is each ${rowName}'s, all its dispatches together.`
        : '.'),
    draw: (width) => {
      const parts = columnsOf(rows, width);
      const each = (width - GAP * (parts.length - 1)) / parts.length;
      return parts.map((part) => layersSpec(part, colors, each, isNarrow(width), longest, rowName));
    },
    legend: kernelLegend(layers, colors),
    table: {
      columns: [
        { title: rowName, text: true },
        { title: 'kernel', text: true },
        { title: 'ms' },
        { title: 'MFLOP' },
        { title: 'MB' },
        { title: 'GFLOP/s' },
        { title: '% of peak' },
      ],
      rows: layers.map((layer, i) => ({
        cells: [
          layer.name,
          layer.kernel,
          digits(layer.milliseconds),
          digits(layer.flops / 1e6),
          digits(layer.bytes / 1e6),
          digits(gflopsOf(layer)),
          rows[i]!.share.replace(' %', ''),
        ],
      })),
    },
  };
}

/** Percent of the peak of each layer, at the dispatch that does most of its arithmetic. */
function sharesOf(layers: readonly LayerResult[], peak: number): Map<LayerResult, string> {
  const shares = new Map<LayerResult, string>();
  for (const whole of peak > 0 ? wholeLayers(layers) : []) {
    if (!(whole.flops > 0)) continue;
    const own = layers.filter(({ name }) => layerOf(name) === whole.name);
    const main = own.reduce((a, b) => (b.flops > a.flops ? b : a));
    shares.set(main, percent(gflopsOf(whole) / peak));
  }
  return shares;
}

/** Length of the path, `backbone.` for one, that all names begin with. */
function sharedPath(names: readonly string[]): number {
  let path = names[0]!.slice(0, names[0]!.lastIndexOf('.') + 1);
  while (!names.every((name) => name.startsWith(path))) path = path.replace(/[^.]*\.$/, '');
  return path.length;
}

function columnsOf(rows: readonly Row[], width: number): Row[][] {
  if (isNarrow(width) || rows.length <= COLUMN) return [[...rows]];
  const half = Math.ceil(rows.length / 2);
  return [rows.slice(0, half), rows.slice(half)];
}

function layersSpec(
  rows: Row[],
  colors: Colors,
  width: number,
  narrow: boolean,
  longest: number,
  rowName: string,
): Spec {
  const named = rows.map(({ name }) => name);
  const left = roomFor(named, narrow ? 134 : width > 600 ? 260 : 176);
  const right = 96;
  const inner = width - left - right;
  const names = Object.fromEntries(rows.map(({ row, name }) => [row, shorten(name, lettersIn(left))]));
  const x = numeric('milliseconds', { title: 'milliseconds', tickCount: 4 }, [0, longest]);
  const edge = { value: inner + right - 4 };
  return {
    width: inner,
    height: { step: ROW },
    padding: { left, right, top: 26, bottom: 42 },
    data: { values: rows },
    encoding: {
      y: inRows(
        'row',
        rows.map(({ row }) => row),
        { title: rowName, grid: false, labelExpr: `(${JSON.stringify(names)})[datum.label]`, ...uprightTitle(left) },
      ),
    },
    layer: [
      {
        mark: { type: 'bar', height: 11, cornerRadiusEnd: 2 },
        encoding: {
          x,
          color: {
            field: 'kernel',
            scale: { domain: [...colors.keys()], range: [...colors.values()] },
            legend: null,
          },
          description: { field: 'tip' },
        },
      },
      { mark: { type: 'text', align: 'left', dx: 4 }, encoding: { x, text: { field: 'label' } } },
      {
        mark: { type: 'text', align: 'right', color: 'var(--muted)' },
        encoding: { x: edge, text: { field: 'share' } },
      },
      {
        data: { values: [{}] },
        mark: { type: 'text', align: 'right', baseline: 'bottom', fontWeight: 600, color: 'var(--muted)' },
        encoding: { x: edge, y: { value: -8 }, text: { value: '% of peak' } },
      },
    ],
  };
}
