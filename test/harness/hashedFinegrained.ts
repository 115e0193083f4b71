// Plumage's network with hashed weights on a device: what its tests share.

import { modelGraph } from '../../src/engine/checkModel.ts';
import { Weights } from '../../src/gpu/constants.ts';
import { open } from '../../src/gpu/session.ts';
import { input, type Node, type Shape } from '../../src/graph/node.ts';
import { plan } from '../../src/graph/plan.ts';
import type { Family } from '../../src/graph/target.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { expectedParameters, type ModelConfig, type PlumageConfig } from '../../src/model/config.ts';
import { branches, finegrained } from '../../src/model/finegrained.ts';
import { params } from '../../src/model/params.ts';
import { testDevice } from './device.ts';
import { hashedNoise, hashedValues, hashedWeights } from './hashedWeights.ts';

/** Hashed tensors for all parameters of the configured model, by name. */
export function hashedModel(config: ModelConfig): Record<string, Tensor> {
  return hashedWeights(expectedParameters(modelGraph(config, [1, 64, 64, 3])));
}

/** All outputs, maps too, for hashed noise x of this shape. */
export function wholeGraph(config: PlumageConfig, shape: Shape): Record<string, Node> {
  return goldenOutputs(finegrained(params(), input('x', shape), config));
}

const stages = ['layer2', 'layer3', 'layer4'] as const;

/** All outputs of what stands behind the backbone, for hashed taps: `sizes` (H, W) of layer2, 3, 4. */
export function branchGraph(config: PlumageConfig, n: number, sizes: readonly (readonly number[])[]) {
  const [layer2, layer3, layer4] = stages.map((name, i) => input(name, [n, ...sizes[i]!, 512 << i]));
  return goldenOutputs(branches(params(), { layer2: layer2!, layer3: layer3!, layer4: layer4! }, config));
}

/** Those that goldens have: the features side by side are in them one by one. */
function goldenOutputs({ pooledCat: _, ...outputs }: Record<string, Node>): Record<string, Node> {
  return outputs;
}

/** As hashed_taps of makeFinegrainedGoldens.py. */
export function hashedTaps(n: number, sizes: readonly (readonly number[])[]): Record<string, Float32Array> {
  const tap = (i: number) => {
    const [h, w] = sizes[i] as [number, number];
    return hashedValues(`tap${i + 2}`, n * h * w * (512 << i), -1, 2.5).map((value) => Math.max(value, 0));
  };
  return Object.fromEntries(stages.map((name, i) => [name, tap(i)]));
}

/** Runs a graph once on the shared device. */
export async function runOnce(
  outputs: Record<string, Node>,
  weights: Weights,
  feeds: Record<string, Float32Array>,
  family: Family = 'software',
): Promise<Record<string, Tensor>> {
  const device = await testDevice();
  const session = await open(device, plan(outputs, { ...device.target, family }), weights);
  try {
    return await session.run(feeds);
  } finally {
    session.close();
  }
}

export async function uploaded(tensors: Record<string, Tensor>): Promise<Weights> {
  const file = { tensors: new Map(Object.entries(tensors)), metadata: {} };
  return new Weights(await testDevice(), file, 'hashed weights');
}

export const noiseFor = (shape: Shape) => ({ x: hashedNoise(shape.join('x'), shape) });
