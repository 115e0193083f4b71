// The colours of an attention map and how it is spread over the pixels of a picture. Pure: Node's heatmap and the demo page
// draw with it.

/** (height, width) row-major weights, each at least 0. */
export interface AttentionMap {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
}

/**
 * Inferno (Smith and van der Walt 2015), black over red and yellow to white in even steps for the eye: RGB at ten even
 * distances.
 */
export const INFERNO = [
  [0, 0, 4],
  [27, 12, 65],
  [74, 12, 107],
  [120, 28, 109],
  [165, 44, 96],
  [207, 68, 70],
  [237, 105, 37],
  [251, 155, 6],
  [247, 209, 61],
  [252, 255, 164],
] as const;

/** RGB of 0 to 1. */
export function inferno(value: number): [r: number, g: number, b: number] {
  const at = Math.min(Math.max(value, 0), 1) * (INFERNO.length - 1);
  const i = Math.min(Math.floor(at), INFERNO.length - 2);
  const mix = (c: 0 | 1 | 2) => INFERNO[i]![c] + (at - i) * (INFERNO[i + 1]![c] - INFERNO[i]![c]);
  return [mix(0), mix(1), mix(2)];
}

/** How strongly the colour of `value` (0 to 1) covers what lies under it. */
export const cover = (value: number): number => 0.3 + 0.45 * value;

export interface Heat {
  /** 0 to 1 at pixel `at` of (height, width). */
  value(at: number): number;
  /** The greatest weight over the mean; 0 for a map of zeros. */
  readonly peak: number;
}

/**
 * A map over (height, width) pixels, from its least value (0) to its greatest, which is 1 where it exceeds the least by half
 * the mean or more: a map that is nearly even stays dark, for its differences say nothing.
 */
export function heatOf(map: AttentionMap, width: number, height: number): Heat {
  const values = Array.from(map.data);
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scale = Math.max(greatest - least, mean / 2);
  const weight = bilinear(map, width, height);
  return { value: (at) => (scale > 0 ? (weight(at) - least) / scale : 0), peak: mean > 0 ? greatest / mean : 0 };
}

/** The map's value at pixel `at` of (height, width), its cells' centres apart by bilinear interpolation. */
function bilinear(map: AttentionMap, width: number, height: number): (at: number) => number {
  const axis = (size: number, cells: number) =>
    Array.from({ length: size }, (_, i) => {
      const at = Math.min(Math.max(((i + 0.5) * cells) / size - 0.5, 0), cells - 1);
      const low = Math.floor(at);
      return { low, high: Math.min(low + 1, cells - 1), share: at - low };
    });
  const [xs, ys] = [axis(width, map.width), axis(height, map.height)];
  return (at) => {
    const { low: x0, high: x1, share: fx } = xs[at % width]!;
    const { low: y0, high: y1, share: fy } = ys[Math.floor(at / width)]!;
    const row = (y: number) => (1 - fx) * map.data[y * map.width + x0]! + fx * map.data[y * map.width + x1]!;
    return (1 - fy) * row(y0) + fy * row(y1);
  };
}
