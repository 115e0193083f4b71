// gradcheck: the gradients of a whole network against finite differences of its own loss, one trained tensor at a time. For
// whoever adds an op; the tests check every op alone, in f64.

import { PlumageError } from '../errors.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { open, type Session } from '../gpu/session.ts';
import { States } from '../gpu/states.ts';
import { plan } from '../graph/plan.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ModelConfig } from '../model/config.ts';
import { normal } from '../model/initialise.ts';
import { random } from '../model/random.ts';
import { stepInputs, trainingGraph } from './graph.ts';
import { fileToDevice } from './layout.ts';
import { xState } from './plans.ts';

export interface GradcheckOptions {
  readonly batch: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** The slope of the loss along a tensor's gradient, which is the gradient's length. */
export interface SlopeCheck {
  readonly name: string;
  /** By the backward pass, and by (L(w + e d) - L(w - e d)) / 2 e with d the gradient's direction. */
  readonly backward: number;
  readonly difference: number;
  /**
   * |backward - difference| / backward, infinite where values are not finite or where the gradient is 0 and the loss is not
   * flat; undefined where the slope is too flat to be told from rounding.
   */
  readonly error: number | undefined;
  /** Share of the gradient's values that are 0. What is missing from a gradient does not show in its own direction. */
  readonly zeros: number;
}

/** How far the loss is moved, as a share of it: far above f32's rounding of a loss (1e-7), little for its curvature. */
const MOVE = 4e-4;
/** At most this share of the tensor's length, so that few activations pass 0. */
const REACH = 5e-3;
/** Differences of the loss below this share of it are its rounding. */
const FLAT = 1e-4;

/**
 * Checks every trained tensor of a model on noise, the last layer's first. `tensors` as files have them. Stops with code
 * `aborted` by the signal.
 */
export async function* gradcheck(
  device: Device,
  config: ModelConfig,
  tensors: ReadonlyMap<string, Tensor>,
  { batch, seed, signal }: GradcheckOptions,
): AsyncGenerator<SlopeCheck, void> {
  const { labels } = stepInputs(batch);
  const x = xState(config, batch);
  const { loss, gradients } = trainingGraph(config, x, labels);
  const states = new States(device);
  const constants = new Weights(device, { tensors: new Map(tensors), metadata: {} }, 'gradcheck');
  const next = random(`gradcheck/${seed}`);
  const feeds = { labels: Uint32Array.from({ length: batch }, () => Math.floor(next() * config.classes.length)) };
  let session: Session | undefined;
  try {
    session = await open(device, plan({ loss, ...Object.fromEntries(gradients) }, device.target), constants, states);
    for (const each of session.plan.states) {
      states.write(each.name, each.name === 'x' ? normal(x.shape, next) : fileToDevice(each, tensors));
    }
    const { loss: at, ...slopes } = await session.run(feeds);
    session.close();
    const lossOnly = await open(device, plan({ loss }, device.target), constants, states);
    session = lossOnly;
    const lossNow = async () => (await lossOnly.run(feeds)).loss!.data[0]!;
    for (const [name, { data }] of Object.entries(slopes)) {
      if (signal?.aborted) throw new PlumageError('aborted', 'gradcheck: stopped');
      yield { name, ...(await slope(name, data, at!.data[0]!, states, lossNow)) };
    }
  } finally {
    session?.close();
    constants.destroy();
    states.destroy();
  }
}

/** The check of one tensor, which it moves and puts back. */
export async function slope(
  name: string,
  gradient: Float32Array,
  loss: number,
  states: Pick<States, 'read' | 'write'>,
  lossNow: () => Promise<number>,
): Promise<Omit<SlopeCheck, 'name'>> {
  const before = await states.read(name);
  const backward = length(gradient);
  const zeros = gradient.filter((value) => value === 0).length / gradient.length;
  const wrong = { backward, error: Number.POSITIVE_INFINITY, zeros };
  if (!Number.isFinite(backward) || !Number.isFinite(loss)) return { ...wrong, difference: Number.NaN };
  const change = async (direction: Float32Array, step: number) => {
    const moved = (by: number) => before.map((value, i) => value + by * (direction[i] ?? 0));
    states.write(name, moved(step));
    const above = await lossNow();
    states.write(name, moved(-step));
    const below = await lossNow();
    states.write(name, before);
    return above - below;
  };
  const reach = REACH * Math.max(length(before), 1);
  if (backward === 0) {
    const noise = normal([gradient.length], random(`gradcheck/${name}`));
    const size = length(noise);
    const found = await change(
      noise.map((value) => value / size),
      reach,
    );
    const isFlat = Math.abs(found) < FLAT * loss;
    return { ...wrong, difference: found / (2 * reach), ...(isFlat && { error: undefined }) };
  }
  const step = Math.min((MOVE * loss) / backward, reach);
  if (step * backward < FLAT * loss) return { backward, difference: 0, error: undefined, zeros };
  const along = gradient.map((value) => value / backward);
  const difference = (await change(along, step)) / (2 * step);
  return { backward, difference, error: Math.abs(backward - difference) / backward, zeros };
}

const length = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
