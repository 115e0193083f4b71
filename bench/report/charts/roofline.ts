// The roofline: each layer's GFLOP/s against its arithmetic intensity, under what the adapter can do at most.

import type { Ceilings, LayerResult } from '../../results.ts';
import { type Chart, isNarrow, type LegendEntry, numeric, type Spec, uprightTitle } from '../chart.ts';
import { count, digits, percent, time } from '../format.ts';
import { type Colors, gflopsOf, sum, wholeLayers } from './layerSums.ts';

const SHAPES = ['circle', 'diamond', 'square', 'triangle-up', 'cross', 'triangle-down', 'triangle-right'];
const HEIGHT = 340;

/** Undefined without ceilings or without a layer that computes. Roof: min(peak, bandwidth x intensity). */
export function rooflineChart(
  title: string,
  dispatches: readonly LayerResult[],
  ceilings: Ceilings,
  colors: Colors,
): Chart | undefined {
  const layers = wholeLayers(dispatches);
  const { fmaGflops: peak, copyGigabytes: bandwidth } = ceilings;
  const points = layers.filter(({ flops, bytes, milliseconds }) => flops > 0 && bytes > 0 && milliseconds > 0);
  if (points.length === 0 || !(peak > 0) || !(bandwidth > 0)) return undefined;
  const all = sum(points.map(({ milliseconds }) => milliseconds));
  const rows = points.map((layer) => {
    const { name, kernel, milliseconds, flops, bytes } = layer;
    const intensity = flops / bytes;
    const gflops = gflopsOf(layer);
    const share = gflops / Math.min(peak, bandwidth * intensity);
    const tip = `${name}, ${kernel}: ${digits(gflops)} GFLOP/s at ${digits(intensity)} FLOP a byte, ${percent(share)} of the roof, ${time(milliseconds)}`;
    return { name, kernel, intensity, gflops, share, milliseconds, part: milliseconds / all, tip };
  });
  const bound = rows.filter(({ intensity }) => intensity * bandwidth < peak).length;
  const outside = layers.length - points.length;
  return {
    title,
    caption:
      `A mark is a layer, its size its share of the time. The roof: ${digits(bandwidth)} GB/s of copying, then the FMA peak of ` +
      `${digits(peak)} GFLOP/s. ${bound} of ${rows.length} layers lie where bandwidth limits (left of the ridge).` +
      (outside > 0 ? ` ${count(outside, 'layer')} without arithmetic left out.` : ''),
    draw: (width) => [rooflineSpec(rows, colors, peak, bandwidth, width)],
    legend: shapedLegend(colors, new Set(rows.map(({ kernel }) => kernel))),
    table: {
      columns: [
        { title: 'layer', text: true },
        { title: 'kernel', text: true },
        { title: 'FLOP a byte' },
        { title: 'GFLOP/s' },
        { title: '% of the roof' },
      ],
      rows: rows.map(({ name, kernel, intensity, gflops, share }) => ({
        cells: [name, kernel, digits(intensity), digits(gflops), (100 * share).toFixed(0)],
      })),
    },
  };
}

const shapeOf = (index: number) => SHAPES[Math.min(index, SHAPES.length - 1)]!;

const legendShapes: Readonly<Record<string, string>> = {
  circle: 'M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z',
  diamond: 'M0,-1.2L1,0L0,1.2L-1,0Z',
  square: 'M-1,-1h2v2h-2Z',
  'triangle-up': 'M0,-1L1.1,1H-1.1Z',
  cross: 'M-1.1,-.4H-.4V-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1Z',
  'triangle-down': 'M0,1L1.1,-1H-1.1Z',
  'triangle-right': 'M1,0L-1,1.1V-1.1Z',
};

function shapedLegend(colors: Colors, shown: ReadonlySet<string>): LegendEntry[] {
  return [...colors]
    .map(([name, color], i) => ({ name, color, symbol: legendShapes[shapeOf(i)]! }))
    .filter(({ name }) => shown.has(name));
}

interface Point {
  readonly intensity: number;
  readonly gflops: number;
}

function rooflineSpec(rows: readonly Point[], colors: Colors, peak: number, bandwidth: number, width: number): Spec {
  const left = 46;
  const right = 16;
  const ridge = peak / bandwidth;
  const intensities = rows.map(({ intensity }) => intensity);
  const from = Math.min(ridge / 4, ...intensities) / 1.5;
  const to = Math.max(ridge * 4, ...intensities) * 1.5;
  const low = Math.min(bandwidth * from, ...rows.map(({ gflops }) => gflops)) / 1.5;
  const high = Math.max(peak, ...rows.map(({ gflops }) => gflops)) * 1.6;
  const roof = [from, ridge, to].map((intensity) => ({ intensity, gflops: Math.min(peak, bandwidth * intensity) }));
  const title = 'arithmetic intensity: FLOP a byte moved, log scale';
  const x = numeric('intensity', { title, tickCount: isNarrow(width) ? 3 : 6, format: '~g' }, [from, to], true);
  const yAxis = { title: 'GFLOP/s, log scale', tickCount: 4, format: '~g', ...uprightTitle(left) };
  const y = numeric('gflops', yAxis, [low, high], true);
  const note = (text: string, intensity: number, gflops: number, align: 'left' | 'right', dy: number) => ({
    data: { values: [{ intensity, gflops }] },
    mark: { type: 'text', align, dx: align === 'left' ? 8 : -4, dy, color: 'var(--muted)', fontWeight: 600 } as const,
    encoding: { x, y, text: { value: text } },
  });
  return {
    width: width - left - right,
    height: HEIGHT,
    padding: { left, right, top: 30, bottom: 42 },
    layer: [
      {
        data: { values: roof },
        mark: { type: 'line', color: 'var(--muted)', strokeWidth: 2, strokeJoin: 'round' },
        encoding: { x, y },
      },
      {
        data: { values: [...rows] },
        mark: { type: 'point', filled: true, opacity: 0.8, stroke: 'var(--surface)', strokeWidth: 0.7 },
        encoding: {
          x,
          y,
          color: { field: 'kernel', scale: { domain: [...colors.keys()], range: [...colors.values()] }, legend: null },
          shape: {
            field: 'kernel',
            scale: { domain: [...colors.keys()], range: [...colors.keys()].map((_, i) => shapeOf(i)) },
            legend: null,
          },
          size: { field: 'part', type: 'quantitative', scale: { range: [50, 420] }, legend: null },
          description: { field: 'tip', type: 'nominal' },
        },
      },
      note(`FMA peak ${digits(peak)} GFLOP/s`, to, peak, 'right', -9),
      note(`copy ${digits(bandwidth)} GB/s`, ridge / 2.2, (bandwidth * ridge) / 2.2, 'right', -10),
    ],
  };
}
