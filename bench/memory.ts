// Memory over a plan, told from its dispatches: which value lies in which slot from when to when. Pure.

import type { Plan } from '../src/graph/plan.ts';
import type { MemoryResult, PlannedValue } from './results.ts';

/** A slot's value begins with the dispatch that writes it and ends with the last that reads it before the next write. */
export function plannedValues({ dispatches, buffers, inputs, outputs }: Plan): PlannedValue[] {
  type Open = { -readonly [Key in keyof PlannedValue]: PlannedValue[Key] };
  const values: Open[] = [];
  const current = new Map<number, Open>();
  const begin = (label: string, slot: number, bytes: number, first: number) => {
    const value = { label, slot, bytes, first, last: first };
    values.push(value);
    current.set(slot, value);
  };
  const size = (shape: readonly number[]) => 4 * shape.reduce((a, b) => a * b, 1);
  for (const { name, buffer, shape } of inputs) begin(name, buffer, size(shape), -1);
  dispatches.forEach(({ name, kernel, knobs, buffers: bound }, time) => {
    const storage = kernel.shader.bindings.filter(({ access }) => access !== 'uniform');
    const elements = kernel.elements(knobs);
    storage.forEach(({ access, name: binding }, i) => {
      const slot = bound[i]!;
      if (buffers[slot]!.role !== 'slot') return;
      const known = current.get(slot);
      if (access === 'read' && known) known.last = time;
      else if (access === 'write') begin(name, slot, 4 * (elements[binding] ?? 0), time);
    });
  });
  for (const { buffer } of outputs) {
    const value = current.get(buffer);
    if (value) value.last = dispatches.length;
  }
  return values;
}

/** Bytes alive at each dispatch, and the plan's own totals. */
export function plannedMemory(plan: Plan): Omit<MemoryResult, 'engines'> {
  const values = plannedValues(plan);
  const { activationBytes, lowerBoundBytes, constantBytes } = plan;
  const alive = plan.dispatches.map((_, time) =>
    values.reduce((sum, { bytes, first, last }) => (first <= time && time <= last ? sum + bytes : sum), 0),
  );
  return { alive, activationBytes, lowerBoundBytes, constantBytes, values };
}
