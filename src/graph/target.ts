// The target of a plan: the class of adapter and its limits, as plain data, so that plans are made without a GPU.

/** `software` adapters get register tiles, all others workgroup tiles. */
export type Family = 'software' | 'discrete' | 'integrated' | 'apple';

/**
 * GFLOP/s that long plans are assumed to reach, operations counted as direct convolutions: for software adapters on two cores;
 * the others are rough guesses for the class of GPU, for nothing was measured on one.
 */
export const assumedSpeed: Readonly<Record<Family, number>> = {
  software: 10,
  integrated: 200,
  apple: 1000,
  discrete: 2000,
};

/** How values are stored between kernels. All arithmetic is f32. */
export type Precision = 'f32' | 'f16';

export interface Target {
  readonly family: Family;
  /** Whether shaders may use subgroup operations. */
  readonly subgroups: boolean;
  /** `f16`: values that only kernels touch which can, and weights, are stored as f16. By default f32. */
  readonly precision?: Precision;
  /** Which form a node gets, by the key that its op gives (`Op.forms`); where this is silent the op's first choice. */
  readonly choices?: Readonly<Record<string, string>>;
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

/** A target with only what every WebGPU device offers. */
export function defaultTarget(family: Family = 'software'): Target {
  return {
    family,
    subgroups: false,
    maxStorageBufferBindingSize: 128 * 2 ** 20,
    maxBufferSize: 256 * 2 ** 20,
    maxComputeWorkgroupsPerDimension: 65535,
  };
}
