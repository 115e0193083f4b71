// The training of heads on a device: one plan, whose step is a full-batch step of SGD with momentum by the engine's own ops.

import { mismatch, PlumageError } from '../errors.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { open, type Session } from '../gpu/session.ts';
import { States } from '../gpu/states.ts';
import { derived, elementCount, input, type Node, state } from '../graph/node.ts';
import { crossEntropy } from '../graph/ops/crossEntropy.ts';
import { crossEntropyGradient } from '../graph/ops/crossEntropyGradient.ts';
import { linear } from '../graph/ops/linear.ts';
import { columnSums, transposedTimes } from '../graph/ops/matmulScalar.ts';
import { sgd } from '../graph/ops/sgd.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import { type ExampleSet, type Normalisation, normalisationOf, normalised, rowCount, rowsOf } from './examples.ts';
import { Head } from './head.ts';
import { type Span, spanOf } from './span.ts';

/** What the examples that are trained on came to before a step; every class counts alike. */
export interface TeachProgress {
  /** Steps that are done and that there are in all, of `crossValidate` those of all its heads. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Checked options. */
export interface Settings {
  readonly where: string;
  readonly steps: number;
  /**
   * The loss curves by at most 1 in any direction, for the mean square of x is 1, and by weightDecay: with this momentum every
   * rate below 2 (1 + MOMENTUM) / (1 + weightDecay) goes downhill.
   */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly base?: string;
  readonly onProgress?: (progress: TeachProgress) => void;
  readonly signal?: AbortSignal;
}

const MOMENTUM = 0.9;
/** Steps that are queued at a time: between them progress is told and the signal looked at. */
const QUEUED = 10;

/** One step on all rows: x (rows, values) and the head are states; `labels` (rows) and `rate` (1) are fed. */
export function headPlan(rows: number, values: number, classes: number, weightDecay: number, target: Target): Plan {
  const x = state('x', [rows, values]);
  const weight = state('weight', [values, classes]);
  const bias = state('bias', [classes]);
  const rate = input('rate', [1]);
  const logits = linear('logits', x, weight, bias);
  const labels = input('labels', [rows], 'u32');
  const loss = crossEntropy('loss', logits, labels);
  // As `backward` makes them, which would bring the rules of all ops along.
  const one = derived('one', [1], [], () => Float32Array.of(1));
  const dLogits = crossEntropyGradient('logits/d', one, logits, labels, { weight: 1, smoothing: 0 });
  const dWeight = transposedTimes('weight/d', dLogits, x);
  const dBias = columnSums('bias/d', dLogits);
  const update = (of: Node, gradient: Node, weightDecay: number) => {
    const velocity = state(`velocity.${of.name}`, of.shape);
    const options = { rate, index: 0, momentum: MOMENTUM, weightDecay };
    return sgd(`${of.name}/sgd`, { weight: of, velocity }, gradient, options, loss);
  };
  // A head is small: it is stored as f32 whatever the engine's precision.
  return plan({ loss, logits }, { ...target, precision: 'f32' }, [
    update(weight, dWeight, weightDecay),
    update(bias, dBias, 0),
  ]);
}

export class Lesson {
  private constructor(
    readonly set: ExampleSet,
    readonly settings: Settings,
    readonly span: Span,
    readonly session: Session,
    readonly states: States,
    readonly constants: Weights,
  ) {}

  static async open(device: Device, set: ExampleSet, settings: Settings): Promise<Lesson> {
    const span = await spanOf(set.features);
    const made = headPlan(
      rowCount(set),
      span.coordinates[0]!.length,
      set.classes.length,
      settings.weightDecay,
      device.target,
    );
    const states = new States(device);
    const constants = new Weights(device, { tensors: new Map(), metadata: {} }, settings.where);
    try {
      return new Lesson(set, settings, span, await open(device, made, constants, states), states, constants);
    } catch (error) {
      states.destroy();
      constants.destroy();
      throw error;
    }
  }

  /** A head from these examples of each class, the one after `before` others of `heads`. */
  async learn(members: ExampleSet['members'], before = 0, heads = 1): Promise<Head> {
    const { set, settings, span, session, states } = this;
    const rows = rowsOf(set, members);
    const normalisation = normalisationOf(span.coordinates, rows);
    if (!normalisation) {
      const advice = 'bring photos that differ';
      throw mismatch('input', settings.where, 'features', 'the same in all examples', 'some that differ', advice);
    }
    for (const { name, shape } of session.plan.states) {
      states.write(
        name,
        name === 'x' ? normalised(span.coordinates, rows, normalisation) : new Float32Array(elementCount(shape)),
      );
    }
    const each = rows.length / set.classes.length;
    const labels = Uint32Array.from(rows, (_, row) => Math.floor(row / each));
    await this.#train(labels, before * settings.steps, heads * settings.steps);
    const learned = { weight: await states.read('weight'), bias: await states.read('bias') };
    return new Head({ classes: set.classes, base: settings.base, ...folded(learned, normalisation, span, set) });
  }

  /** `before` steps were done of `all`. */
  async #train(labels: Uint32Array, before: number, all: number): Promise<void> {
    const { where, steps, learningRate, onProgress, signal } = this.settings;
    const feeds = { labels, rate: Float32Array.of(learningRate) };
    for (let done = 0; done < steps; ) {
      if (signal?.aborted) {
        throw new PlumageError(
          'aborted',
          `${where}: stopped by the caller's signal after ${before + done} of ${all} steps`,
        );
      }
      const queued = Math.min(QUEUED, steps - done);
      const results = await Promise.all(Array.from({ length: queued }, () => this.session.run(feeds)));
      done += queued;
      const [loss, logits] = [results.at(-1)!.loss!.data[0]!, results.at(-1)!.logits!.data];
      onProgress?.({ step: before + done, steps: all, loss, accuracy: accuracyOf(logits, labels) });
    }
  }

  close(): void {
    this.session.close();
    this.states.destroy();
    this.constants.destroy();
  }
}

/** The head for features as they are, from one for normalised coordinates: weight (coordinates, classes), bias (classes). */
function folded(
  learned: { readonly weight: Float32Array; readonly bias: Float32Array },
  { mean, scale }: Normalisation,
  span: Span,
  { classes, length }: ExampleSet,
): { weight: Float32Array; bias: Float32Array } {
  const centre = span.expand(mean);
  const weight = new Float32Array(classes.length * length);
  const bias = Float32Array.from(classes, (_, k) => {
    const row = weight.subarray(k * length, (k + 1) * length);
    row.set(span.expand(mean.map((_, i) => learned.weight[i * classes.length + k]! / scale)));
    return row.reduce((sum, value, i) => sum - value * centre[i]!, learned.bias[k]!);
  });
  return { weight, bias };
}

/** The share of rows of logits (rows, classes) that are largest at their label. */
function accuracyOf(logits: Float32Array, labels: Uint32Array): number {
  const classes = logits.length / labels.length;
  const right = labels.filter((label, row) => {
    const some = logits.subarray(row * classes, (row + 1) * classes);
    return some.every((logit, k) => k === label || logit < some[label]!);
  });
  return right.length / labels.length;
}
