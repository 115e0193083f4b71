// plan(): from output nodes to dispatches and buffers. Plain data, made without a GPU; nothing here touches a device.

import { mismatch, PlumageError } from '../errors.ts';
import type { Grid, Kernel } from '../kernels/kernel.ts';
import type { Knobs } from '../kernels/shader.ts';
import { bytesOf, halfValues } from './half.ts';
import {
  type Call,
  type DerivedAttributes,
  derivedOp,
  elementCount,
  type InputAttributes,
  inputOp,
  isConstant,
  isSource,
  type Node,
  reachable,
  type Shape,
  type StateAttributes,
  type Temporary,
} from './node.ts';
import { isState, type NamedCall, splitSetup, updatesLast } from './order.ts';
import { assignSlots, type Lifetime, lowerBound } from './slots.ts';
import type { Target } from './target.ts';

export interface Dispatch {
  /** The node that it computes. */
  readonly name: string;
  readonly kernel: Kernel;
  readonly knobs: Knobs;
  readonly params: Readonly<Record<string, number>>;
  readonly grid: Grid;
  /** Index into `plan.buffers` for each storage binding, in the shader's order. */
  readonly buffers: readonly number[];
  /** Names of the bindings whose values are f16. */
  readonly half: readonly string[];
  readonly flops: number;
  /** Bytes that it must at least read and write. */
  readonly bytes: number;
}

export interface PlanBuffer {
  readonly label: string;
  readonly bytes: number;
  /** `source`: a constant that only the setup reads, so that it need not stay. `state`: lives from run to run. */
  readonly role: 'slot' | 'constant' | 'source' | 'state';
}

/** A value that the caller sees: where it lies and what it is. */
export interface Port {
  readonly name: string;
  readonly buffer: number;
  readonly shape: Shape;
  readonly dtype: Node['dtype'];
  readonly capacity: boolean;
}

/** A value that lives from run to run: where it lies, and how a file's tensor becomes it (`StateAttributes`). */
export interface State extends StateAttributes {
  readonly name: string;
  readonly buffer: number;
  readonly shape: Shape;
}

/** A constant to upload when the session opens: a parameter as it is, or computed from several. */
export interface Constant {
  readonly name: string;
  readonly buffer: number;
  readonly parameters: readonly Parameter[];
  readonly compute?: DerivedAttributes['compute'];
}

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
}

/** How a node is computed that can be computed in several ways, and the key under which a target may choose another. */
export interface ChosenForm {
  readonly node: string;
  readonly key: string;
  readonly form: string;
}

export interface Plan {
  readonly target: Target;
  readonly dispatches: readonly Dispatch[];
  /** What depends on constants only, in order: runs once for the same weights, however many sessions read them. */
  readonly setup: readonly Dispatch[];
  readonly forms: readonly ChosenForm[];
  readonly buffers: readonly PlanBuffer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly constants: readonly Constant[];
  readonly states: readonly State[];
  /** Bytes of all slots, and the most bytes that are alive at one dispatch. */
  readonly activationBytes: number;
  readonly lowerBoundBytes: number;
  readonly constantBytes: number;
  readonly stateBytes: number;
  readonly flops: number;
}

interface Value extends Lifetime {
  readonly label: string;
  first: number;
  last: number;
}

/**
 * The dispatches and buffers that compute `outputs` (by the name the caller wants) on `target`. `effects`: nodes that
 * update states in place, each after all that read the state; what they need is computed in their order.
 */
export function plan(outputs: Readonly<Record<string, Node>>, target: Target, effects: readonly Node[] = []): Plan {
  const wanted = Object.entries(outputs);
  if (wanted.length + effects.length === 0) throw new PlumageError('input', 'plan: no output asked for');
  const nodes = reachable([...wanted.map(([, node]) => node), ...effects]);
  checkNames(nodes);
  const forms = nodes.flatMap((node) => chosenForm(node, target));
  const lowered = nodes.flatMap((node) => {
    const form = forms.find((f) => f.node === node.name)?.form;
    const calls = node.op.lower?.(node, target, form) ?? [];
    return calls.map((call, i) => ({ call, node, name: calls.length > 1 ? `${node.name}/${i + 1}` : node.name }));
  });
  const { made, setup, calls: inOrder } = splitSetup(lowered);
  const calls = updatesLast(inOrder);
  const all = lowered.map(({ call }) => call);
  const half =
    target.precision === 'f16'
      ? halfValues(all, [...Object.values(outputs), ...fullOf(lowered, outputs)])
      : new Set<Node | Temporary>();
  const isFixed = (ref: Node | Temporary) => made.has(ref) || ('op' in ref && isConstant(ref));

  // Lifetimes. Feeds are written before the first dispatch (-1); outputs are read after the last one.
  const values = new Map<Node | Temporary, Value>();
  const touch = (ref: Node | Temporary, time: number) => {
    if (isFixed(ref) || isState(ref)) return;
    const { label, bytes } = sizeOf(ref, half);
    const value = values.get(ref) ?? { label, bytes, first: time, last: time };
    value.last = time;
    values.set(ref, value);
  };
  for (const node of nodes) if (node.op === inputOp) touch(node, -1);
  calls.forEach(({ call }, time) => {
    for (const ref of Object.values(call.buffers)) touch(ref, time);
  });
  for (const [, node] of wanted) touch(node, calls.length);

  const refs = [...values.keys()];
  const lifetimes = [...values.values()];
  const slots = assignSlots(lifetimes);
  const buffers: PlanBuffer[] = slots.sizes.map((bytes, i) => ({ label: `slot ${i}`, bytes, role: 'slot' }));
  const bufferOf = new Map<Node | Temporary, number>(refs.map((ref, i) => [ref, slots.slotOf[i]!]));

  const constants: Constant[] = [];
  const kept = new Set([
    ...calls.flatMap(({ call }) => Object.values(call.buffers)),
    ...wanted.map(([, node]) => node),
  ]);
  const used = new Set([...kept, ...setup.flatMap(({ call }) => Object.values(call.buffers))]);
  for (const ref of used) {
    if (!isFixed(ref)) continue;
    const buffer = buffers.push({ ...sizeOf(ref, half), role: kept.has(ref) ? 'constant' : 'source' }) - 1;
    bufferOf.set(ref, buffer);
    if ('op' in ref && !made.has(ref)) constants.push(constantOf(ref, buffer));
  }
  const states = nodes.filter(isState).map((node) => {
    const buffer = buffers.push({ ...sizeOf(node, half), role: 'state' }) - 1;
    bufferOf.set(node, buffer);
    return { name: node.name, buffer, shape: node.shape, ...(node.attributes as StateAttributes) };
  });
  checkLimits(buffers, lifetimes, target);

  const toDispatch = ({ call, name }: NamedCall) => dispatchOf(name, call, bufferOf, half, buffers, target);
  const dispatches = calls.map(toDispatch);
  const port = (name: string, node: Node): Port => ({
    name,
    buffer: bufferOf.get(node)!,
    shape: node.shape,
    dtype: node.dtype,
    capacity: node.op === inputOp && (node.attributes as InputAttributes).capacity,
  });
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    target,
    dispatches,
    setup: setup.map(toDispatch),
    forms,
    buffers,
    inputs: nodes.filter((node) => node.op === inputOp).map((node) => port(node.name, node)),
    outputs: wanted.map(([name, node]) => port(name, node)),
    constants,
    states,
    activationBytes: sum(slots.sizes),
    lowerBoundBytes: lowerBound(lifetimes),
    constantBytes: sum(buffers.filter((b) => b.role === 'constant').map((b) => b.bytes)),
    stateBytes: sum(buffers.filter((b) => b.role === 'state').map((b) => b.bytes)),
    flops: sum(dispatches.map((d) => d.flops)),
  };
}

/** What only effects come from, gradients for instance, is never f16: it may be smaller than that can tell from 0. */
function fullOf(
  lowered: readonly { readonly call: Call; readonly node: Node }[],
  outputs: Readonly<Record<string, Node>>,
): (Node | Temporary)[] {
  const forward = new Set<Node | Temporary>(reachable(Object.values(outputs)));
  const effects = lowered.filter(({ node }) => !forward.has(node));
  return effects.flatMap(({ call }) => Object.values(call.buffers).filter((ref) => !forward.has(ref)));
}

function chosenForm(node: Node, target: Target): ChosenForm[] {
  const forms = node.op.forms?.(node, target);
  if (!forms) return [];
  const wish = target.choices?.[forms.key];
  const form = wish !== undefined && forms.names.includes(wish) ? wish : forms.names[0]!;
  return [{ node: node.name, key: forms.key, form }];
}

/** Constants are kept by their label, so it says what they are stored as. */
function sizeOf(ref: Node | Temporary, half: ReadonlySet<Node | Temporary>): { label: string; bytes: number } {
  const [name, elements] = 'op' in ref ? [ref.name, elementCount(ref.shape)] : [ref.temporary, ref.elements];
  return { label: half.has(ref) ? `${name}:f16` : name, bytes: bytesOf(elements, half.has(ref)) };
}

function constantOf(node: Node, buffer: number): Constant {
  const describe = ({ name, shape }: Node): Parameter => ({ name, shape });
  if (node.op !== derivedOp) return { name: node.name, buffer, parameters: [describe(node)] };
  const { compute } = node.attributes as DerivedAttributes;
  return { name: node.name, buffer, parameters: node.inputs.map(describe), compute };
}

function dispatchOf(
  name: string,
  { kernel, knobs, params = {}, buffers: refs, flops }: Call,
  bufferOf: ReadonlyMap<Node | Temporary, number>,
  halves: ReadonlySet<Node | Temporary>,
  buffers: readonly PlanBuffer[],
  target: Target,
): Dispatch {
  const elements = kernel.elements(knobs);
  const storage = kernel.shader.bindings.filter((b) => b.access !== 'uniform');
  const half = storage.map(({ name }) => name).filter((name) => refs[name] && halves.has(refs[name]));
  const bound = storage.map((binding) => {
    const ref = refs[binding.name];
    const index = ref && bufferOf.get(ref);
    if (index !== undefined) {
      const needed = bytesOf(elements[binding.name] ?? 0, half.includes(binding.name));
      if (buffers[index]!.bytes < needed) {
        throw mismatch(
          'internal',
          `${name}: ${kernel.name}`,
          `bytes at ${binding.name}`,
          buffers[index]!.bytes,
          needed,
        );
      }
      return index;
    }
    if (elements[binding.name] === 0) return -1;
    throw mismatch('internal', `${name}: ${kernel.name}`, `binding ${binding.name}`, 'nothing', 'a value');
  });
  // A read binding that these knobs leave unused still needs a buffer: any other one that is only read serves.
  const spare = bound[storage.findIndex((b, i) => b.access === 'read' && bound[i]! >= 0)];
  const grid = kernel.grid(knobs);
  if (grid.some((groups) => groups > target.maxComputeWorkgroupsPerDimension)) {
    const limit = target.maxComputeWorkgroupsPerDimension;
    throw mismatch('limit', name, 'workgroups', [...grid], `at most ${limit} in each dimension`, 'use a smaller batch');
  }
  const moved = Object.entries(elements).map(([name, count]) => (half.includes(name) ? 2 : 4) * count);
  return {
    name,
    kernel,
    knobs,
    params,
    grid,
    buffers: bound.map((index) => (index < 0 ? spare! : index)),
    half,
    flops: flops ?? kernel.flops(knobs),
    bytes: moved.reduce((a, b) => a + b, 0),
  };
}

function checkNames(nodes: readonly Node[]): void {
  const seen = new Map<string, Node>();
  for (const node of nodes) {
    const other = seen.get(node.name);
    if (other && isSource(node)) throw new PlumageError('input', `plan: two different values are named ${node.name}`);
    seen.set(node.name, node);
  }
}

function checkLimits(buffers: readonly PlanBuffer[], values: readonly Value[], target: Target): void {
  const limit = Math.min(target.maxStorageBufferBindingSize, target.maxBufferSize);
  const largest = [...values, ...buffers].reduce((a, b) => (b.bytes > a.bytes ? b : a));
  if (largest.bytes <= limit) return;
  const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const advice = 'use a smaller image or batch, or an adapter with a larger maxStorageBufferBindingSize';
  throw mismatch('limit', largest.label, 'size of one buffer', mib(largest.bytes), `at most ${mib(limit)}`, advice);
}
