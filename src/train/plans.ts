// The plans of training, made without a GPU: a step of one micro-batch, the updates from several, and a photo that becomes
// an image of the batch.

import type { Capacity, PreprocessConfig } from '../data/preprocess.ts';
import { mismatch } from '../errors.ts';
import { input, isSource, type Node, reachable, state } from '../graph/node.ts';
import { preprocessInto } from '../graph/ops/preprocess.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import { GEOMETRY_WORDS } from '../kernels/resizeRows.ts';
import { type ModelConfig, predictionOf } from '../model/config.ts';
import { featureStates, tapsOf } from './features.ts';
import {
  type GraphOptions,
  gradientSums,
  type SgdOptions,
  statisticsUpdates,
  stepInputs,
  type TrainingGraph,
  trainingGraph,
  weightUpdates,
} from './graph.ts';

export interface TrainerOptions extends SgdOptions, Omit<GraphOptions, 'scale'> {
  /** Images that one update is made of. */
  readonly batch: number;
  /** Images at a time, a divisor of `batch`; gradients add up. Batch norms see the micro-batch. By default all. */
  readonly microBatch?: number;
  /** The step is fed what a frozen backbone says of the images instead of the images. */
  readonly features?: boolean;
  /** Batch norms' momentum in the branch blocks; 0.1 elsewhere. */
  readonly blockMomentum?: number;
}

export interface TrainingPlans {
  /** One micro-batch: loss, gradients, and where nothing adds up the updates. */
  readonly step: Plan;
  /** The updates, from the gradients of several micro-batches. */
  readonly apply?: Plan;
}

/** The batch that photos are put into. */
export const xState = (config: ModelConfig, images: number): Node => state('x', [images, config.size, config.size, 3]);

function graphOf(config: ModelConfig, options: TrainerOptions): { graph: TrainingGraph; micro: number; runs: number } {
  const { batch, microBatch: micro = batch, features, ...rest } = options;
  if (!(Number.isInteger(micro) && micro > 0 && Number.isInteger(batch / micro))) {
    throw mismatch('input', 'training', 'micro-batch', micro, `a divisor of the batch, ${batch}`);
  }
  const runs = batch / micro;
  const labels = stepInputs(micro).labels;
  const x = features ? featureStates(config, micro) : xState(config, micro);
  return { graph: trainingGraph(config, x, labels, { ...rest, scale: 1 / runs }), micro, runs };
}

/** The plans of a training step, without a GPU. Refuses what passes the target's limits, with the numbers. */
export function trainingPlans(config: ModelConfig, options: TrainerOptions, target: Target): TrainingPlans {
  const { graph, micro, runs } = graphOf(config, options);
  const { rates, momentum, keep } = stepInputs(micro);
  const { loss, weights, gradients } = graph;
  const outputs = { loss, ...reported(config, graph) };
  const statistics = statisticsUpdates(graph, momentum, loss);
  if (runs === 1) {
    const updates = weightUpdates(weights, gradients, rates, loss, options);
    return { step: plan(outputs, target, [...statistics, ...updates]) };
  }
  const { sums, updates } = gradientSums(graph, keep);
  const guard = input('loss', [1]);
  return {
    step: plan(outputs, target, [...statistics, ...updates]),
    apply: plan({}, target, weightUpdates(weights, sums, rates, guard, options)),
  };
}

function reported(config: ModelConfig, { outputs }: TrainingGraph): Record<string, Node> {
  const names = config.model === 'plain' ? ['logits'] : [predictionOf(config), 'logitsCat'];
  return Object.fromEntries(names.map((name) => [name, outputs[name]!]));
}

/** The plan by which running statistics alone follow a micro-batch; its guard is fed. Undefined where none is trained. */
export function statisticsPlan(config: ModelConfig, options: TrainerOptions, target: Target): Plan | undefined {
  const { graph, micro } = graphOf(config, options);
  if (graph.running.length === 0) return undefined;
  return plan({}, target, statisticsUpdates(graph, stepInputs(micro).momentum, input('loss', [1])));
}

/** Every value of the forward pass of a micro-batch, in the order in which they are computed. */
export function forwardValues(config: ModelConfig, options: TrainerOptions): Node[] {
  return reachable([graphOf(config, options).graph.loss]).filter((node) => !isSource(node));
}

/** The plan of what the backbone says of the images in x. */
export function featurePlan(config: ModelConfig, images: number, target: Target): Plan {
  return plan({ ...tapsOf(config, xState(config, images)) }, target);
}

/** The plan that makes an image of the batch from a photo. */
export function photoPlan(
  config: ModelConfig,
  images: number,
  preprocessing: PreprocessConfig,
  { pixels, rows }: Capacity,
  target: Target,
): Plan {
  const photo = input('photo', [pixels], 'u32', true);
  const crop = input('geometry', [GEOMETRY_WORDS], 'u32');
  const into = preprocessInto('preprocess', xState(config, images), photo, crop, { ...preprocessing, rows });
  return plan({}, target, [into]);
}
