// A kernel: a shader with pure functions of its knobs. The plain-loop reference in f64 stands beside each kernel as
// `<name>Reference`, a separate export so that it stays out of the shipped bundle.

import type { Knobs, Shader } from './shader.ts';

export type Grid = readonly [x: number, y: number, z: number];

/** WebGPU's limit of workgroups in one dimension; larger grids fold into y. */
export const MAX_GROUPS = 65535;

export interface Kernel<K extends Knobs = Knobs> {
  readonly name: string;
  readonly shader: Shader;
  /** Workgroups to dispatch. */
  grid(knobs: K): Grid;
  /** Elements that each storage binding must hold, by binding name (f32 or u32: 4 bytes each). */
  elements(knobs: K): Readonly<Record<string, number>>;
  /** Useful floating-point operations; a multiply-add counts as two. */
  flops(knobs: K): number;
}

/** The plain-loop definition that a shader must agree with: inputs by binding name -> outputs by binding name. */
export type Reference<K extends Knobs = Knobs> = (
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  knobs: K,
) => Record<string, Float64Array>;

/** A grid for `invocations` threads in a row; shaders recover the index with shaders/lib/linearId.wgsl. */
export function linearGrid(invocations: number, workgroupSize: number): Grid {
  const groups = Math.ceil(invocations / workgroupSize);
  if (groups <= MAX_GROUPS) return [Math.max(groups, 1), 1, 1];
  const rows = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}

export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b);

/** Values of the `ACTIVATION` knob, shared with shaders/lib/activate.wgsl. */
export const activations = { none: 0, relu: 1, elu: 2 } as const;
export type Activation = keyof typeof activations;

/** The same function in f64, for references. */
export function activateReference(value: number, activation: number): number {
  if (activation === activations.relu) return Math.max(value, 0);
  if (activation === activations.elu) return value > 0 ? value : Math.expm1(value);
  return value;
}

/** The derivative of that function where its value is `y`; that of ReLU at 0 is 0. */
export function slopeReference(y: number, activation: number): number {
  if (activation === activations.relu) return y > 0 ? 1 : 0;
  if (activation === activations.elu) return y > 0 ? 1 : y + 1;
  return 1;
}
