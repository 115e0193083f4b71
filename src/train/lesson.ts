// The training of heads on a device: one plan, whose step is a full-batch step of SGD with momentum by the engine's own ops.

import { type Abortable, checkAborted } from '../engine/abort.ts';
import { mismatch } from '../errors.ts';
import { Weights } from '../gpu/constants.ts';
import type { Device } from '../gpu/device.ts';
import { open, type Session } from '../gpu/session.ts';
import { States } from '../gpu/states.ts';
import { derived, input, state } from '../graph/node.ts';
import { crossEntropyGradient } from '../graph/ops/crossEntropyGradient.ts';
import { linear } from '../graph/ops/linear.ts';
import { transposedTimes } from '../graph/ops/matmulScalar.ts';
import { sgd } from '../graph/ops/sgd.ts';
import { type Plan, plan } from '../graph/plan.ts';
import type { Target } from '../graph/target.ts';
import { type ExampleSet, type Normalisation, normalisationOf, normalised, weightsOf } from './examples.ts';
import { Head } from './head.ts';
import { type Span, spanLength, spanOf } from './span.ts';

/** What the examples that are trained on came to before a step; every class counts alike. */
export interface TeachProgress {
  /** Steps that are done and that there are in all, of `crossValidate` those of all its heads. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** Checked options. */
export interface Settings extends Abortable {
  readonly where: string;
  readonly steps: number;
  /**
   * The loss curves by at most 1 in any direction, half the mean square of x with its ones, and by weightDecay: with this momentum
   * every rate below 2 (1 + MOMENTUM) / (1 + weightDecay) goes downhill.
   */
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly base?: string;
  readonly onProgress?: (progress: TeachProgress) => void;
}

const MOMENTUM = 0.9;
/** Steps that are queued at a time: between them progress is told and the signal looked at. */
const QUEUED = 10;

/**
 * One step on all examples: x (rows, columns), `counted`, the same times what each row counts, and the head (columns, classes) are
 * states; `labels` (rows) and `rate` (1) are fed. The bias is the weight of a column of ones.
 */
export function headPlan(rows: number, columns: number, classes: number, weightDecay: number, target: Target): Plan {
  const x = state('x', [rows, columns]);
  const head = { weight: state('head', [columns, classes]), velocity: state('velocity', [columns, classes]) };
  const labels = input('labels', [rows], 'u32');
  const zeros = derived('zeros', [classes], [], () => new Float32Array(classes));
  const one = derived('one', [1], [], () => Float32Array.of(1));
  const logits = linear('logits', x, head.weight, zeros);
  // As `backward` makes them, but that rows count differently, and that it would bring the rules of all ops along.
  const dLogits = crossEntropyGradient('logits/d', one, logits, labels, { weight: 1, smoothing: 0 });
  const dHead = transposedTimes('head/d', dLogits, state('counted', [rows, columns]));
  const options = { rate: input('rate', [1]), index: 0, momentum: MOMENTUM, weightDecay };
  // A head is small: it is stored as f32 whatever the engine's precision.
  return plan({ logits }, { ...target, precision: 'f32' }, [sgd('head/sgd', head, dHead, options, one)]);
}

export class Lesson {
  private constructor(
    readonly set: ExampleSet,
    readonly settings: Settings,
    readonly session: Session,
    readonly states: States,
    readonly constants: Weights,
  ) {}

  static async open(device: Device, set: ExampleSet, settings: Settings): Promise<Lesson> {
    const rows = set.features.length;
    const made = headPlan(
      rows,
      spanLength(rows, set.length) + 1,
      set.classes.length,
      settings.weightDecay,
      device.target,
    );
    const states = new States(device);
    const constants = new Weights(device, { tensors: new Map(), metadata: {} }, settings.where);
    try {
      return new Lesson(set, settings, await open(device, made, constants, states), states, constants);
    } catch (error) {
      states.destroy();
      constants.destroy();
      throw error;
    }
  }

  /** A head from these examples of each class, the one after `before` others of `heads`. */
  async learn(members: ExampleSet['members'], before = 0, heads = 1): Promise<Head> {
    const { set, settings, states } = this;
    const weights = weightsOf(set, members);
    const normalisation = normalisationOf(set, weights);
    if (!normalisation) {
      const advice = 'bring photos that differ';
      throw mismatch('input', settings.where, 'features', 'the same in all examples', 'some that differ', advice);
    }
    const span = await spanOf(normalised(set, normalisation));
    const columns = spanLength(set.features.length, set.length) + 1;
    const x = new Float32Array(weights.length * columns).fill(1);
    span.coordinates.forEach((each, row) => {
      x.set(each, row * columns);
    });
    const counted = x.map((value, i) => value * weights[Math.floor(i / columns)]!);
    states.write('x', x);
    states.write('counted', counted);
    const zeros = new Float32Array(columns * set.classes.length);
    for (const name of ['head', 'velocity']) states.write(name, zeros);
    await this.#train(weights, before * settings.steps, heads * settings.steps);
    const learned = await states.read('head');
    return new Head({ classes: set.classes, base: settings.base, ...folded(learned, normalisation, span, set) });
  }

  /** `before` steps were done of `all`. */
  async #train(weights: Float64Array, before: number, all: number): Promise<void> {
    const { where, steps, learningRate, onProgress, signal } = this.settings;
    const labels = Uint32Array.from(this.set.labels);
    const feeds = { labels, rate: Float32Array.of(learningRate) };
    for (let done = 0; done < steps; ) {
      checkAborted(signal, `${where}, ${before + done} of ${all} steps`);
      const queued = Math.min(QUEUED, steps - done);
      const results = await Promise.all(Array.from({ length: queued }, () => this.session.run(feeds)));
      done += queued;
      onProgress?.({ step: before + done, steps: all, ...judged(results.at(-1)!.logits!.data, labels, weights) });
    }
  }

  close(): void {
    this.session.close();
    this.states.destroy();
    this.constants.destroy();
  }
}

/** The head for features as they are, from one for coordinates of normalised ones and a column of ones: (columns, classes). */
function folded(
  learned: Float32Array,
  { mean, scale }: Normalisation,
  span: Span,
  { classes, features, length }: ExampleSet,
): { weight: Float32Array; bias: Float32Array } {
  const values = spanLength(features.length, length);
  const weight = new Float32Array(classes.length * length);
  const bias = Float32Array.from(classes, (_, k) => {
    const column = Float64Array.from({ length: values }, (_, i) => learned[i * classes.length + k]!);
    const row = weight.subarray(k * length, (k + 1) * length);
    row.set(span.expand(column).map((value, i) => value / scale[i]!));
    return row.reduce((sum, value, i) => sum - value * mean[i]!, learned[values * classes.length + k]!);
  });
  return { weight, bias };
}

/** Loss and accuracy of logits (rows, classes), rows counted by their weights. */
function judged(logits: Float32Array, labels: Uint32Array, weights: Float64Array): { loss: number; accuracy: number } {
  const classes = logits.length / labels.length;
  let [loss, right, all] = [0, 0, 0];
  labels.forEach((label, row) => {
    const some = Array.from(logits.subarray(row * classes, (row + 1) * classes));
    const logit = some[label]!;
    const weight = weights[row]!;
    const largest = Math.max(...some);
    const total = some.reduce((sum, each) => sum + Math.exp(each - largest), 0);
    loss += weight * (Math.log(total) + largest - logit);
    all += weight;
    if (some.every((other, k) => k === label || other < logit)) right += weight;
  });
  return { loss: loss / all, accuracy: right / all };
}
