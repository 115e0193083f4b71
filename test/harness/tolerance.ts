// The one table of tolerances. Each kernel's bound derives from what it does, in units of f32's rounding (2^-24):
// `roundings` counts the roundings on the longest path to one result, and `scale` says what they are relative to.

import { type DotKnobs, dotTerms } from '../../src/kernels/dot.ts';
import type { MaxPoolKnobs } from '../../src/kernels/maxPool.ts';
import { coveringWindows } from '../../src/kernels/maxPoolGradient.ts';
import type { Knobs } from '../../src/kernels/shader.ts';
import { type SumPartsKnobs, sumPartsDepth } from '../../src/kernels/sumParts.ts';

interface Tolerance {
  /** Roundings on the longest path from the inputs to one output. */
  roundings(knobs: Knobs): number;
  /**
   * `sum`: the same computation on absolute values (a sum may cancel); `result`: the result itself; `unit`: 1, or the
   * result where it is larger (differences and logarithms, whose error does not shrink with them).
   */
  scale: Scale | ((knobs: Knobs) => Scale);
}

type Scale = 'sum' | 'result' | 'unit';

const k = (knobs: Knobs, name: string): number => knobs[name]!;
/** A sum of products: each term is rounded when multiplied and in every later addition; + scale, shift, residual. */
const convolution: Tolerance = {
  roundings: (knobs) => k(knobs, 'KH') * k(knobs, 'KW') * k(knobs, 'C') + 4 + exponential(knobs),
  scale: 'sum',
};
/** At most KH KW K products, + residual. */
const inputGradient: Tolerance = {
  roundings: (knobs) => k(knobs, 'KH') * k(knobs, 'KW') * k(knobs, 'K') + 1,
  scale: 'sum',
};
/** A sum of one product for each output position. */
const weightGradient: Tolerance = {
  roundings: (knobs) => k(knobs, 'N') * k(knobs, 'OH') * k(knobs, 'OW'),
  scale: 'sum',
};
/** WGSL allows exp(x) an error of 3 + 2|x| ULP (a ULP is 2 roundings); ELU's arguments that matter are above -17. */
const exponential = (knobs: Knobs): number => (knobs.ACTIVATION === 2 ? 2 * (3 + 2 * 17) : 0);

/** A sum of K products, times alpha and gamma, + residual. */
const matrixProduct: Tolerance = { roundings: (knobs) => k(knobs, 'K') + 3, scale: 'sum' };
/**
 * For inputs in [-1, 1): a score lies within R |SCALE| and is wrong by R + 2 roundings of that, a weight by as much and an
 * exp (3 + 2|x| ULP, |x| <= 2 R |SCALE|), once itself and once in the total; S additions on either side; for every 16
 * positions the sums may be scaled by another exp, whose arguments add up to the same |x|.
 */
const streamedAttention: Tolerance = {
  roundings: (knobs) => {
    const [S, range] = [k(knobs, 'S'), k(knobs, 'R') * Math.abs(k(knobs, 'SCALE'))];
    const exponentials = 2 * (3 + 2 * 2 * range) + (S / 16) * 8;
    return 2 * ((k(knobs, 'R') + 2) * range + exponentials + S) + 10;
  },
  scale: 'unit',
};

/**
 * Winograd's transforms, for inputs in [-1, 1): a partial sum reaches at most `reach` (the largest sum of a matrix row's
 * magnitudes) in one direction and its square in both; `path` roundings a direction, those of the factors among them.
 */
const transform = (reach: readonly [number, number], path: readonly [number, number], more = 0): Tolerance => ({
  roundings: (knobs) => {
    const tile = knobs.TILE === 2 ? 0 : 1;
    return 2 * path[tile] * (reach[tile] ** 2 + more) + 3 * more + exponential(knobs);
  },
  scale: 'unit',
});

export const tolerances: Record<string, Tolerance> = {
  conv2d: convolution,
  conv2dQuad: convolution,
  conv2dScalar: convolution,
  conv2dTiled: convolution,
  conv2dStem: convolution,
  conv2dInputGradient: inputGradient,
  conv2dInputGradientQuad: inputGradient,
  conv2dInputGradientTiled: inputGradient,
  conv2dWeightGradient: weightGradient,
  conv2dWeightGradientQuad: weightGradient,
  conv2dWeightGradientScalar: weightGradient,
  conv2dWeightGradientTiled: weightGradient,
  addSlices: { roundings: (knobs) => k(knobs, 'SLICES') - 1, scale: 'sum' },
  sumSlices: { roundings: (knobs) => k(knobs, 'SLICES') + 3 + exponential(knobs), scale: 'sum' },
  winogradWeights: transform([1.5, 1.48], [3, 5]),
  winogradInput: transform([2, 5.13], [1, 5]),
  winogradProduct: { roundings: (knobs) => k(knobs, 'C'), scale: 'sum' },
  /** + shift and residual. */
  winogradOutput: transform([3, 7.37], [2, 6], 2),
  /** All of them, relative to the same sums of magnitudes: three transforms, C products, scale, shift, residual. */
  winograd: { roundings: (knobs) => 2 * (5 + 5 + 6) + k(knobs, 'C') + 4 + exponential(knobs), scale: 'sum' },
  /** 8 ROUNDS multiply-adds that each shrink what came before, then 10 additions. */
  fmaPeak: { roundings: (knobs) => 2 * k(knobs, 'CHAIN') * k(knobs, 'ROUNDS') + 10, scale: 'result' },
  filtersLast: { roundings: () => 0, scale: 'result' },
  flipFilters: { roundings: () => 0, scale: 'result' },
  unfoldRows: { roundings: () => 0, scale: 'result' },
  maxPool: { roundings: () => 0, scale: 'result' },
  /** P - 1 additions and a division of 2.5 ULP. */
  globalPool: { roundings: (knobs) => (knobs.MAXIMUM ? 0 : k(knobs, 'P') + 4), scale: 'sum' },
  maxPoolIndices: { roundings: () => 0, scale: 'result' },
  /** A window's dy for each window that covers the position. */
  maxPoolGradient: { roundings: (knobs) => coveringWindows(knobs as MaxPoolKnobs), scale: 'sum' },
  /** A division of 2.5 ULP. */
  globalPoolGradient: { roundings: () => 5, scale: 'result' },
  topPoolGradient: { roundings: () => 5, scale: 'result' },
  /** As a convolution, + b. */
  linear: { roundings: (knobs) => k(knobs, 'K') + 1 + exponential(knobs), scale: 'sum' },
  /** Without exp: a series of 11 operations near 0. */
  activation: { roundings: (knobs) => (knobs.ACTIVATION === 2 ? 11 + exponential(knobs) : 0), scale: 'result' },
  add: { roundings: (knobs) => 1 + (knobs.ACTIVATION === 2 ? 11 + exponential(knobs) : 0), scale: 'result' },
  /** x - mean, variance + eps, inverseSqrt (2 ULP), two products, + beta: 9, where no term passes 5. */
  batchNorm: { roundings: (knobs) => 9 * 5 + exponential(knobs), scale: 'unit' },
  concat: { roundings: () => 0, scale: 'result' },
  sliceColumns: { roundings: () => 0, scale: 'result' },
  /**
   * For inputs in [-1, 1): distances within 2, squares within 4, the mean of n of which after n - 1 additions is wrong by n
   * roundings of its own size; a division (5), mean^2, the origin.
   */
  batchStatistics: { roundings: (knobs) => 4 * (Math.min(k(knobs, 'SLICE'), k(knobs, 'ROWS')) + 14), scale: 'unit' },
  /** The same of slices, where variance + distance^2 is within 5. */
  mergeStatistics: { roundings: (knobs) => 5 * (k(knobs, 'ROWS') / k(knobs, 'SLICE') + 15), scale: 'unit' },
  sumRows: { roundings: (knobs) => k(knobs, 'ROWS'), scale: 'sum' },
  /**
   * For inputs in [-1, 1) and variances of at least 0.5: a term is within 3, so n additions are wrong by at most n + (n - 1)
   * + ... times that; g, x - mean, their product and the factor are 8 roundings a term.
   */
  batchNormSums: {
    roundings: (knobs) => {
      const n = Math.min(k(knobs, 'SLICE'), k(knobs, 'ROWS'));
      return (3 * (n * (n + 1))) / 2 + 3 * 8 * n;
    },
    scale: 'unit',
  },
  /** As batchNorm, + residual: 10, where no term passes 6. */
  batchNormTraining: { roundings: (knobs) => 10 * 6 + exponential(knobs), scale: 'unit' },
  /** g 2, x - mean 1, sums / ROWS 5 each, inverseSqrt 4, four products, two differences: 23, where no term passes 7. */
  batchNormGradient: { roundings: () => 23 * 7, scale: 'unit' },
  /** dy + other, y + 1 and a product. */
  activationGradient: { roundings: () => 3, scale: 'result' },
  /**
   * As the logarithm of softmax below; smoothing adds K distances within 20. Then WEIGHT / N (6), of it all.
   */
  crossEntropy: {
    roundings: (knobs) => {
      const K = k(knobs, 'K');
      const row = 20 + 2 * (3 + 2 * 20) + K + 9 + k(knobs, 'SMOOTHING') * 20 * (K + 7);
      return (row * k(knobs, 'WEIGHT')) / k(knobs, 'N') + 6;
    },
    scale: 'unit',
  },
  /** As softmax below, where nothing passes 1; the target (6), WEIGHT / N and dy (7). */
  crossEntropyGradient: {
    roundings: (knobs) => ((20 + 2 * (3 + 2 * 20) + k(knobs, 'K') + 30) * k(knobs, 'WEIGHT')) / k(knobs, 'N'),
    scale: 'unit',
  },
  /** Three products and three sums, where nothing passes 3. */
  sgd: { roundings: () => 6 * 3, scale: 'unit' },
  /** ROWS / (ROWS - 1), at most 2, is 3 roundings; 1 - m, three products and a sum. */
  updateStatistics: { roundings: () => 8 * 2, scale: 'unit' },
  accumulate: { roundings: () => 1, scale: 'sum' },
  /**
   * For x within a range of 20: the difference (20 relative to exp of it), exp, SIZE - 1 additions of such terms (whose
   * mean distance from the maximum is at most ln SIZE), and a division (5) or a logarithm (2^-21, so 8) and a difference.
   */
  softmax: {
    roundings: (knobs) => 20 + 2 * (3 + 2 * 20) + k(knobs, 'SIZE') + 2 * (3 + 2 * Math.log(k(knobs, 'SIZE'))) + 9,
    scale: (knobs) => (knobs.LOG ? 'unit' : 'result'),
  },
  /**
   * The sum's SIZE products and additions, a difference and a product; with LOG an exp whose argument is, for x within a
   * range of 8, at least -8 - ln SIZE.
   */
  softmaxGradient: {
    roundings: (knobs) => k(knobs, 'SIZE') + 3 + k(knobs, 'LOG') * 2 * (3 + 2 * (8 + Math.log(k(knobs, 'SIZE')))),
    scale: 'sum',
  },
  matmul: matrixProduct,
  matmulTiled: matrixProduct,
  matmulScalar: matrixProduct,
  product: matrixProduct,
  attend: streamedAttention,
  attendQuad: streamedAttention,
  /** The additions, two divisions (5 each), their sum. */
  attentionMap: { roundings: (knobs) => k(knobs, 'FIRST_ROWS') + k(knobs, 'SECOND_ROWS') + 11, scale: 'sum' },
  /** 4 additions and a division of 2.5 ULP. */
  topPool: { roundings: () => 9, scale: 'sum' },
  /** Two roots (1 / inverseSqrt: 4.5 ULP), two divisions (2.5 ULP), a product. */
  normaliseGram: { roundings: () => 2 * 9 + 2 * 5 + 1, scale: 'result' },
  /** As normaliseGram for each term, C of two products, which a norm less and three more divide; then a difference. */
  normaliseGramGradient: { roundings: (knobs) => k(knobs, 'C') + 2 + 4 * 9 + 4 * 5 + 3, scale: 'sum' },
  addTransposed: { roundings: () => 1, scale: 'sum' },
  scale: { roundings: () => 1, scale: 'result' },
  dot: { roundings: (knobs) => dotTerms(knobs as DotKnobs), scale: 'sum' },
  sumParts: { roundings: (knobs) => sumPartsDepth(knobs as SumPartsKnobs), scale: 'sum' },
};

/** A gradient in f32 against central differences in f64: the project's bar. A wrong term is off by its own size. */
export const GRADIENT_RTOL = 1e-3;
export const GRADIENT_ATOL = 1e-4;

/** What storing a value as f16 costs: half a unit of its 11 bits, and of the smallest number near 0. */
const storedHalf = (value: number): number => 2 ** -11 * Math.abs(value) + 2 ** -25;

/** Largest difference allowed for each output value; `half`: it is stored as f16. */
export function bounds(
  kernel: string,
  knobs: Knobs,
  result: Float64Array,
  sum: Float64Array,
  half = false,
): Float64Array {
  const tolerance = tolerances[kernel];
  if (!tolerance) throw new Error(`test/harness/tolerance.ts has no row for ${kernel}`);
  const relative = tolerance.roundings(knobs) * 2 ** -24;
  const kind = typeof tolerance.scale === 'function' ? tolerance.scale(knobs) : tolerance.scale;
  const scale = { sum, result, unit: result.map((value) => Math.max(1, Math.abs(value))) }[kind];
  const computed = scale.map((value) => relative * Math.abs(value) + 1e-30); // 1e-30: denormals may flush to zero
  if (!half) return computed;
  return computed.map((bound, i) => bound + storedHalf(Math.abs(result[i]!) + bound));
}

/**
 * Largest difference of logits that reach about 10 from the twin's, and of taps that do: the project's bar. PyTorch's own
 * f32 lies 2e-5 from its f64 there, and one wrong stride or eps moves logits by more than 2e-2.
 */
export const LOGITS_BOUND = 2e-4;

/**
 * Largest difference of a model's outputs in precision f16, as a share of the output's largest magnitude: some fifty
 * layers each round their result by up to 2^-11 of it. Attention maps are means of exponentials: the error of a score,
 * which hashed weights let reach 10, becomes a relative one of its weight.
 */
export const HALF_BOUND = { values: 5e-3, attention: 3e-2 };

/**
 * A training step against the twin in f64: the project's bars. Loss: relative. Logits and running statistics: shares of the
 * largest magnitude of each. Gradients: relative L2 of each tensor; the loose ones lie below ReLUs, where a pre-activation
 * within rounding of 0 flips and takes its whole term along (PyTorch's own f32 is then off by up to 1e-2, by 1e-5 else:
 * goldens/training.json).
 */
export const STEP_BOUNDS: StepBounds = {
  loss: 1e-5,
  logits: 1e-4,
  statistics: 1e-4,
  gradients: { heads: 1e-3, clca: 1e-3, blocks: 3e-2, backbone: 3e-2, cga: 3e-2 },
};

export interface StepBounds {
  readonly loss: number;
  readonly logits: number;
  readonly statistics: number;
  readonly gradients: Readonly<Record<string, number>>;
}

/**
 * The same where values between layers are stored as f16. Each is rounded by up to 2^-11 = 4.9e-4 on its way through some 50
 * layers, and far more pre-activations are within rounding of 0: where a ReLU flips a gradient loses or gains a whole term.
 * Measured on preset tiny, 64 px, batch 8: loss 3e-4, logits 8e-3, statistics 1e-3, gradients 1e-2 (heads) to 1.5e-1.
 */
export const HALF_STEP_BOUNDS: StepBounds = {
  loss: 1e-3,
  logits: 2e-2,
  statistics: 5e-3,
  gradients: { heads: 4e-2, clca: 2e-1, blocks: 3e-1, backbone: 3e-1, cga: 2e-1 },
};

/** Relative, for the losses of steps 0, 1, and later: what one step is off by, the next ones magnify. */
export const LOSSES_BOUNDS = [1e-5, 1e-3, 2e-2] as const;

/**
 * A taught head after 30 steps against the same steps in f64: loss absolute, weight and bias as shares of their largest magnitude.
 * A step's gradient is a sum of some 20 rows of softmaxes, each wrong by about 100 roundings (crossEntropyGradient above);
 * momentum takes it ten times, and a convex loss brings weights that went astray back: 1000 * 2^-24 = 6e-5.
 */
export const TAUGHT_BOUND = 6e-5;
