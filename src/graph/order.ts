// The order of a plan's calls: what depends on constants only is taken out as the setup, updates of states come after all
// that read the state.

import { PlumageError } from '../errors.ts';
import { type Call, isConstant, type Node, stateOp, type Temporary } from './node.ts';

/** A call and the node that it computes. */
export interface NamedCall {
  readonly call: Call;
  readonly name: string;
}

/** Calls that read constants only make constants: they, what they make, and all other calls. */
export function splitSetup(lowered: readonly NamedCall[]): {
  made: Set<Node | Temporary>;
  setup: NamedCall[];
  calls: NamedCall[];
} {
  const made = new Set<Node | Temporary>();
  const setup: NamedCall[] = [];
  const calls: NamedCall[] = [];
  for (const named of lowered) {
    const written = bound(named, 'write');
    const constant =
      bound(named, 'read').every((ref) => made.has(ref) || ('op' in ref && isConstant(ref))) && !written.some(isState);
    (constant ? setup : calls).push(named);
    if (constant) for (const ref of written) made.add(ref);
  }
  return { made, setup, calls };
}

/** What a call reads or writes. */
function bound({ call }: NamedCall, access: 'read' | 'write'): (Node | Temporary)[] {
  const { kernel, buffers } = call;
  return kernel.shader.bindings.flatMap((b) => (b.access === access && buffers[b.name] ? [buffers[b.name]!] : []));
}

export const isState = (ref: Node | Temporary): boolean => 'op' in ref && ref.op === stateOp;

/** The same calls, those that update a state right after the last of the others that reads it. */
export function updatesLast(calls: readonly NamedCall[]): readonly NamedCall[] {
  const lastReader = new Map<Node | Temporary, number>();
  const updates = new Map<Node | Temporary, NamedCall>();
  calls.forEach((named, time) => {
    for (const ref of bound(named, 'read')) if (isState(ref)) lastReader.set(ref, time);
    for (const ref of bound(named, 'write').filter(isState)) {
      const other = updates.get(ref);
      if (other) throw new PlumageError('internal', `plan: ${other.name} and ${named.name} update the same state`);
      updates.set(ref, named);
    }
  });
  if (updates.size === 0) return calls;
  const timed = calls.map((named, time) => {
    const readers = bound(named, 'write').map((ref) => (isState(ref) ? (lastReader.get(ref) ?? -1) : -1));
    return { named, time: Math.max(time, ...readers.map((reader) => reader + 0.5)) };
  });
  return timed.sort((a, b) => a.time - b.time).map(({ named }) => named);
}
