// Sums over our dispatches: by layer, by kernel, and against the adapter's FMA peak. It draws nothing.

import type { LayerResult } from '../../results.ts';
import type { LegendEntry } from '../chart.ts';
import { percent } from '../format.ts';

export const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export const gflopsOf = ({ flops, milliseconds }: LayerResult) => (milliseconds > 0 ? flops / milliseconds / 1e6 : 0);

/** The layer that a dispatch belongs to: `conv1/2` is the second dispatch of `conv1`. */
export const layerOf = (dispatch: string) => dispatch.replace(/\/\d+$/, '');

/** Dispatches of one layer as one, under the kernel that takes most of the time. */
export function wholeLayers(layers: readonly LayerResult[]): LayerResult[] {
  const groups = new Map<string, LayerResult[]>();
  for (const layer of layers) groups.set(layerOf(layer.name), [...(groups.get(layerOf(layer.name)) ?? []), layer]);
  return [...groups].map(([name, parts]) => {
    const longest = parts.reduce((a, b) => (b.milliseconds > a.milliseconds ? b : a));
    const total = (what: 'milliseconds' | 'flops' | 'bytes') => sum(parts.map((part) => part[what]));
    return { ...longest, name, milliseconds: total('milliseconds'), flops: total('flops'), bytes: total('bytes') };
  });
}

/** Share of the peak that the convolutions reach together, with all their dispatches; without any, all arithmetic. */
export function shareOfPeak(layers: readonly LayerResult[], peak: number): { share: number; of: string } {
  const convs = layers.filter(({ op }) => op === 'conv2d');
  const counted = convs.length > 0 ? convs : layers.filter(({ flops }) => flops > 0);
  const time = sum(counted.map(({ milliseconds }) => milliseconds));
  const of =
    convs.length > 0
      ? layers.some(({ pass }) => pass)
        ? 'the forward convolutions'
        : 'the convolutions'
      : 'all arithmetic';
  return { share: peak > 0 && time > 0 ? sum(counted.map(({ flops }) => flops)) / time / 1e6 / peak : 0, of };
}

/** A colour for each kernel. */
export type Colors = ReadonlyMap<string, string>;

/** Kernels by the time they take, each with a colour; the eighth and further ones share the last. */
export function kernelColors(layers: readonly LayerResult[]): Colors {
  return new Map(timeByKernel(layers).map(([kernel], i) => [kernel, `var(--k${Math.min(i + 1, 8)})`]));
}

/** The kernels of these layers, each with its share of the time. */
export function kernelLegend(layers: readonly LayerResult[], colors: Colors): LegendEntry[] {
  const all = sum(layers.map(({ milliseconds }) => milliseconds));
  return timeByKernel(layers).map(([name, own]) => ({
    name,
    color: colors.get(name)!,
    note: all > 0 ? percent(own / all) : '',
  }));
}

function timeByKernel(layers: readonly LayerResult[]): [kernel: string, milliseconds: number][] {
  const total = new Map<string, number>();
  for (const { kernel, milliseconds } of layers) total.set(kernel, (total.get(kernel) ?? 0) + milliseconds);
  return [...total].sort((a, b) => b[1] - a[1]);
}
