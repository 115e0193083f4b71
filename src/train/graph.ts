// The graph of a training step: a model with trained parameters, its loss, the gradients, and the updates in place. It is
// pure: plans are made of it without a GPU.

import { mismatch } from '../errors.ts';
import { backward } from '../graph/gradients/backward.ts';
import { input, type Node, reachable, state, stateOp } from '../graph/node.ts';
import { accumulate } from '../graph/ops/accumulate.ts';
import { add } from '../graph/ops/add.ts';
import { crossEntropy } from '../graph/ops/crossEntropy.ts';
import { sgd } from '../graph/ops/sgd.ts';
import { updateStatistics } from '../graph/ops/updateStatistics.ts';
import { buildModel, type ModelConfig } from '../model/config.ts';
import type { Taps } from '../model/resnet50.ts';
import { type RunningStatistics, trainable } from './trainable.ts';

export interface GraphOptions {
  /** PyTorch's label smoothing. */
  readonly smoothing?: number;
  /** Compute what lies between blocks again in the backward pass instead of keeping it. */
  readonly recompute?: boolean;
  /** Dotted prefixes of parameter names that are not trained. */
  readonly frozen?: readonly string[];
  /** What the loss counts in the gradients: 1 / m where m micro-batches add up. */
  readonly scale?: number;
}

export interface TrainingGraph {
  /** (1). */
  readonly loss: Node;
  /** Logits by name, as the model has them: `logits`, or `logits1`..`logitsCat` and `combined`. */
  readonly outputs: Readonly<Record<string, Node>>;
  /** Trained weights by parameter name, as states, and their gradients: the last layer's first. */
  readonly weights: ReadonlyMap<string, Node>;
  readonly gradients: ReadonlyMap<string, Node>;
  readonly running: readonly RunningStatistics[];
}

/**
 * Loss and gradients of the configured model for x (N, H, W, 3), or its backbone's taps, and labels (N), u32: CE(o1) + CE(o2) + CE(o3) + 2 CE(o_cat),
 * of the plain model CE(logits); mean over the batch.
 */
export function trainingGraph(
  config: ModelConfig,
  x: Node | Taps,
  labels: Node,
  options: GraphOptions = {},
): TrainingGraph {
  const { smoothing = 0, recompute = false, frozen, scale } = options;
  const { scope, running, boundaries } = trainable(frozen);
  const heads = config.model === 'plain' ? ['logits'] : ['logits1', 'logits2', 'logits3', 'logitsCat'];
  const outputs = buildModel(config, x, config.model === 'plain' ? heads : [...heads, 'combined'], scope);
  const losses = heads.map((name) => {
    const weight = name === 'logitsCat' ? 2 : 1;
    return crossEntropy(`loss.${name}`, outputs[name]!, labels, { weight, smoothing });
  });
  const loss = losses.reduce((sum, each, i) => add(`loss.sum${i}`, sum, each));
  const fed = 'op' in x ? [x] : Object.values(x);
  const trained = reachable([loss])
    .filter((node) => node.op === stateOp && !fed.includes(node))
    .reverse();
  if (trained.length === 0) throw mismatch('input', 'training', 'parameters to train', 'none', 'at least one');
  const found = backward(loss, trained, { scale, keep: recompute ? boundaries : undefined });
  return {
    loss,
    outputs,
    weights: new Map(trained.map((node) => [node.name, node])),
    gradients: new Map(trained.map((node) => [node.name, found.get(node)!])),
    running,
  };
}

/** What every run of a training step is fed besides x. */
export const stepInputs = (batch: number) => ({
  labels: input('labels', [batch], 'u32'),
  /** Learning rates: of new layers, of the backbone. */
  rates: input('rates', [2]),
  /** Batch norms' momentum: of all, of the branch blocks. */
  momentum: input('momentum', [2]),
  /** Above 0: gradients are added to those of the runs before. */
  keep: input('keep', [1]),
});

/** The running statistics follow the batch. Where `guard` (1) is not finite nothing changes, here and below. */
export function statisticsUpdates({ running }: TrainingGraph, momentum: Node, guard: Node): Node[] {
  return running.map(({ name, mean, variance, statistics, rows }) => {
    const options = { momentum, index: /^(blocks|clca\.fuse)\./.test(name) ? 1 : 0, rows };
    return updateStatistics(`${name}/running`, { mean, variance }, statistics, options, guard);
  });
}

export interface SgdOptions {
  readonly momentum?: number;
  /** Of all weights but the attentions' gamma and beta. */
  readonly weightDecay?: number;
}

/** SGD on each weight with its gradient, in the order of the map. */
export function weightUpdates(
  weights: ReadonlyMap<string, Node>,
  gradients: ReadonlyMap<string, Node>,
  rates: Node,
  guard: Node,
  { momentum = 0.9, weightDecay = 5e-4 }: SgdOptions = {},
): Node[] {
  return [...weights].map(([name, weight]) => {
    const decay = /^(clca\.gamma|cga\.beta)$/.test(name) ? 0 : weightDecay;
    const index = name.startsWith('backbone.') && !name.startsWith('backbone.fc.') ? 1 : 0;
    const velocity = state(velocityName(name), weight.shape);
    const options = { rate: rates, index, momentum, weightDecay: decay };
    return sgd(`${name}/sgd`, { weight, velocity }, gradients.get(name)!, options, guard);
  });
}

/** The gradients' sums over several runs, as states, and the updates that add to them. */
export function gradientSums({ gradients }: TrainingGraph, keep: Node): { sums: Map<string, Node>; updates: Node[] } {
  const sums = new Map([...gradients].map(([name, { shape }]) => [name, state(`sum.${name}`, shape)]));
  const updates = [...sums].map(([name, sum]) => accumulate(`${name}/sum`, sum, gradients.get(name)!, keep));
  return { sums, updates };
}

export const velocityName = (name: string): string => `velocity.${name}`;
