// What a training run will take, from its plans alone: memory, the largest buffer, operations. It needs no GPU.

import { mismatch } from '../errors.ts';
import type { Plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import type { ModelConfig } from '../model/config.ts';
import { type TrainerOptions, trainingPlans } from './plans.ts';

export interface TrainingCost {
  /** Bytes of one step's values, of weights with their velocities and statistics, and of what is frozen. */
  readonly values: number;
  readonly states: number;
  readonly constants: number;
  readonly peak: number;
  readonly largest: { readonly name: string; readonly bytes: number };
  /** Of one update. */
  readonly flops: number;
  readonly dispatches: number;
}

/** The cost whatever the target's limits are. */
export function trainingCost(config: ModelConfig, options: TrainerOptions, target: Target): TrainingCost {
  const unlimited = { maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER, maxBufferSize: Number.MAX_SAFE_INTEGER };
  const { step, apply } = trainingPlans(config, options, { ...target, ...unlimited });
  const plans = apply ? [step, apply] : [step];
  const sum = (of: (plan: Plan) => number) => plans.reduce((total, plan) => total + of(plan), 0);
  // Plans share states by name.
  const states = new Map(plans.flatMap((plan) => byteOf(plan, 'state')));
  const all = plans.flatMap(({ buffers }) => buffers);
  const largest = all.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const kept = {
    values: sum((plan) => plan.activationBytes),
    states: [...states.values()].reduce((a, b) => a + b, 0),
    constants: sum((plan) => plan.constantBytes),
  };
  const runs = options.batch / (options.microBatch ?? options.batch);
  return {
    ...kept,
    peak: kept.values + kept.states + kept.constants,
    largest: { name: largest.label, bytes: largest.bytes },
    flops: runs * step.flops + (apply?.flops ?? 0),
    dispatches: runs * step.dispatches.length + (apply?.dispatches.length ?? 0),
  };
}

const byteOf = ({ buffers }: Plan, role: string) =>
  buffers.filter((buffer) => buffer.role === role).map(({ label, bytes }) => [label, bytes] as const);

export const bindingLimit = ({ maxStorageBufferBindingSize, maxBufferSize }: Target): number =>
  Math.min(maxStorageBufferBindingSize, maxBufferSize);

/** The largest micro-batch of at least 2 images whose largest buffer the target can bind; undefined where none is. */
export function microBatchThatFits(config: ModelConfig, options: TrainerOptions, target: Target): number | undefined {
  const { batch, microBatch = batch } = options;
  for (let micro = microBatch - 1; micro >= 2; micro--) {
    if (batch % micro !== 0) continue;
    const { largest } = trainingCost(config, { ...options, microBatch: micro }, target);
    if (largest.bytes <= bindingLimit(target)) return micro;
  }
  return undefined;
}

/** @throws PlumageError `limit` with the numbers where the plan has a buffer that the target cannot bind. */
export function checkFits(config: ModelConfig, options: TrainerOptions, target: Target): TrainingCost {
  const cost = trainingCost(config, options, target);
  const limit = bindingLimit(target);
  if (cost.largest.bytes <= limit) return cost;
  const micro = microBatchThatFits(config, options, target);
  const advice = micro === undefined ? 'use smaller images' : `--micro-batch ${micro} fits`;
  const where = `train: ${cost.largest.name}`;
  throw mismatch('limit', where, 'size of one buffer', mib(cost.largest.bytes), `at most ${mib(limit)}`, advice);
}

export const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
