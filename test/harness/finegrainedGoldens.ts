// Compares outputs of Plumage's network with the twin's (test/fixtures/makeFinegrainedGoldens.py).

import * as assert from 'uvu/assert';
import type { Tensor } from '../../src/graph/tensor.ts';

/** Largest difference from the twin's f64, as a share of the output's largest magnitude: the project's bar. */
export const BOUND = 1e-4;

/** Of the channel attention's values only as many stand in the goldens. */
const SAMPLES = 1024;

/** Goldens by output name for one `key`. */
export function goldensOf(goldens: ReadonlyMap<string, Tensor>, key: string): Record<string, Tensor> {
  const found = [...goldens].filter(([name]) => name.startsWith(`${key}/`));
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(key.length + 1), tensor]));
}

/** Largest difference of two outputs as a share of the second's largest magnitude. */
export function difference(name: string, got: Tensor, want: Tensor): number {
  const sampled = name === 'channelAttention';
  if (!sampled) assert.equal(got.shape, want.shape, name);
  const at = (i: number) => (sampled ? (i * 104729) % got.data.length : i);
  let [most, reach] = [0, 0];
  for (const [i, value] of want.data.entries()) {
    // NaN passes no comparison: it must not pass for a small difference.
    const off = Math.abs(got.data[at(i)]! - value);
    most = off <= most ? most : off;
    reach = Math.max(reach, Math.abs(value));
  }
  assert.ok(want.data.length === (sampled ? SAMPLES : got.data.length) && reach > 0, name);
  return most / reach;
}

/** Every output of the golden within the bound; gives the largest difference and where. */
export function checkOutputs(key: string, outputs: Record<string, Tensor>, want: Record<string, Tensor>): string {
  assert.equal(Object.keys(outputs).sort(), Object.keys(want).sort(), key);
  const off = Object.entries(outputs).map(([name, got]) => ({ name, share: difference(name, got, want[name]!) }));
  const worst = off.reduce((a, b) => (b.share <= a.share ? a : b));
  const text = `${key}: ${worst.name} is off by ${worst.share.toExponential(1)} of its largest magnitude`;
  assert.ok(worst.share <= BOUND, `${text}, allowed ${BOUND}`);
  return text;
}
