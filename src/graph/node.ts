// Nodes: the values of a graph, immutable plain objects that point at their op and inputs. A graph is what can be
// reached from its outputs; there is no Graph class.

import { mismatch, PlumageError } from '../errors.ts';
import type { Kernel } from '../kernels/kernel.ts';
import type { Knobs } from '../kernels/shader.ts';
import type { Target } from './target.ts';

export type Shape = readonly number[];
export type DType = 'f32' | 'u32';

export interface Node<A = unknown> {
  readonly op: Op<A>;
  readonly inputs: readonly Node[];
  readonly attributes: A;
  readonly shape: Shape;
  readonly dtype: DType;
  /** Stands in errors, print-outs and on every GPU object. */
  readonly name: string;
}

/** Shape rule (in the function that makes the node) and lowering to kernel calls; gradient rules stand in gradients/. */
export interface Op<A = unknown> {
  readonly name: string;
  /** Kernel calls that compute the node, in order. Absent for inputs, parameters, states and derived constants. */
  lower?(node: Node<A>, target: Target, form?: string): readonly Call[];
  /** The ways to compute the node on this target, where there are several. */
  forms?(node: Node<A>, target: Target): Forms;
}

/** Ways to compute a node by name, the best first guess first, and the key under which `Target.choices` names another. */
export interface Forms {
  readonly key: string;
  readonly names: readonly string[];
}

/**
 * Scratch memory between the calls of one lowering; the same object means the same memory. What is made of constants
 * only is made once and kept by this name, so the name says all that it depends on.
 */
export interface Temporary {
  readonly temporary: string;
  readonly elements: number;
}

/** One use of a kernel: which value stands at each of its bindings. */
export interface Call {
  readonly kernel: Kernel;
  readonly knobs: Knobs;
  /** Values of the shader's `struct Params`, if it has one. */
  readonly params?: Readonly<Record<string, number>>;
  readonly buffers: Readonly<Record<string, Node | Temporary>>;
  /** Useful operations, where the kernel's own count would include padding. */
  readonly flops?: number;
}

/** Checks K at the call site, then forgets it, so that calls of different kernels can share a list. */
export function call<K extends Knobs>(
  kernel: Kernel<K>,
  knobs: K,
  buffers: Call['buffers'],
  params?: Call['params'],
): Call {
  return { kernel: kernel as unknown as Kernel, knobs, buffers, ...(params && { params }) };
}

export function elementCount(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

// ---- sources: what a graph starts from ----

export interface InputAttributes {
  /** The feed may be shorter than the shape says: one plan serves photos of many sizes. */
  readonly capacity: boolean;
}

export const inputOp: Op<InputAttributes> = { name: 'input' };

/** A value that every run is fed. Shape is static; `capacity: true` lets a feed be shorter. */
export function input(name: string, shape: Shape, dtype: DType = 'f32', capacity = false): Node<InputAttributes> {
  checkShape(name, shape);
  return { op: inputOp, inputs: [], attributes: { capacity }, shape, dtype, name };
}

export const parameterOp: Op = { name: 'parameter' };

/** A named weight in the shape that files give it, PyTorch's: conv (K, C, KH, KW), linear (out, in). */
export function parameter(name: string, shape: Shape): Node {
  checkShape(name, shape);
  return { op: parameterOp, inputs: [], attributes: undefined, shape, dtype: 'f32', name };
}

export interface DerivedAttributes {
  readonly compute: (...inputs: Float32Array[]) => Float32Array;
}

export const derivedOp: Op<DerivedAttributes> = { name: 'derived' };

/** A constant computed once from parameters when the session opens: a folded batch norm, for instance. */
export function derived(
  name: string,
  shape: Shape,
  inputs: readonly Node[],
  compute: DerivedAttributes['compute'],
): Node<DerivedAttributes> {
  for (const source of inputs) {
    if (source.op !== parameterOp) {
      throw new PlumageError('internal', `${name}: derived from ${source.name}, expected parameters only`);
    }
  }
  return { op: derivedOp, inputs, attributes: { compute }, shape, dtype: 'f32', name };
}

export interface StateAttributes {
  /** How a file's tensor becomes the value: its axis i is axis permutation[i] of the tensor. Absent: as it is. */
  readonly permutation: readonly number[] | undefined;
}

export const stateOp: Op<StateAttributes> = { name: 'state' };

/**
 * A value that lives on the device from run to run: a trained weight, its velocity, a running statistic. Ops whose calls
 * write it update it in place, after all that read it (`plan`'s effects).
 */
export function state(name: string, shape: Shape, permutation?: readonly number[]): Node<StateAttributes> {
  checkShape(name, shape);
  return { op: stateOp, inputs: [], attributes: { permutation }, shape, dtype: 'f32', name };
}

export const isSource = (node: Node): boolean => !node.op.lower;

/** A value that no run changes: a parameter, or what is derived from parameters. */
export const isConstant = (node: Node): boolean => isSource(node) && node.op !== inputOp && node.op !== stateOp;

function checkShape(name: string, shape: Shape): void {
  if (shape.every((size) => Number.isInteger(size) && size > 0)) return;
  throw mismatch('input', name, 'shape', [...shape], 'whole numbers of at least 1');
}

/** The four sizes of an activation (N, H, W, C); anything else is refused. */
export function nhwc(node: Node, where: string): { n: number; h: number; w: number; c: number } {
  const [n, h, w, c, more] = node.shape;
  if (n === undefined || h === undefined || w === undefined || c === undefined || more !== undefined) {
    throw mismatch('input', where, 'shape of x', [...node.shape], '4 sizes (N, H, W, C)');
  }
  return { n, h, w, c };
}

/** All nodes that the outputs need, inputs before users, each once. */
export function reachable(outputs: readonly Node[]): Node[] {
  const order: Node[] = [];
  const done = new Set<Node>();
  const stack = outputs.map((node) => ({ node, next: 0 })).reverse();
  while (stack.length > 0) {
    const top = stack[stack.length - 1]!;
    const child = done.has(top.node) ? undefined : top.node.inputs[top.next++];
    if (child) {
      if (!done.has(child)) stack.push({ node: child, next: 0 });
    } else {
      stack.pop();
      if (!done.has(top.node)) order.push(top.node);
      done.add(top.node);
    }
  }
  return order;
}
