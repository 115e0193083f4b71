// Sums over dispatches in the benchmark's report: what a layer of several dispatches reaches, and the convolutions together.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layerOf, shareOfPeak, wholeLayers } from '../../bench/report/charts/layerSums.ts';
import type { LayerResult } from '../../bench/results.ts';

const dispatch = (name: string, kernel: string, milliseconds: number, flops: number, op?: string): LayerResult => {
  return { name, kernel, milliseconds, flops, bytes: 1000, op };
};
const layers = [
  dispatch('conv1/1', 'transform', 1, 0, 'conv2d'),
  dispatch('conv1/2', 'product', 2, 4e6, 'conv2d'),
  dispatch('conv1/3', 'transformBack', 1, 0, 'conv2d'),
  dispatch('pool', 'maxPool', 5, 0, 'maxPool'),
  dispatch('conv10', 'gemm', 4, 12e6, 'conv2d'),
  dispatch('fc', 'linear', 2, 1e6, 'linear'),
];

test('dispatches of a layer count as one, under the kernel that takes longest', () => {
  const [conv1, ...others] = wholeLayers(layers);
  assert.equal(conv1, { name: 'conv1', kernel: 'product', milliseconds: 4, flops: 4e6, bytes: 3000, op: 'conv2d' });
  assert.equal(others, layers.slice(3));
  assert.is(layerOf('layer1.0.downsample.0'), 'layer1.0.downsample.0');
});

test('the share of the peak counts every dispatch of the convolutions and nothing else', () => {
  assert.equal(shareOfPeak(layers, 4), { share: 0.5, of: 'the convolutions' });
  assert.equal(shareOfPeak(layers.slice(5), 1), { share: 0.5, of: 'all arithmetic' });
  assert.is(shareOfPeak(layers, 0).share, 0);
  assert.is(shareOfPeak([], 4).share, 0);
});

test.run();
