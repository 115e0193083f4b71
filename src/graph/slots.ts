// Slots: which values share memory. Two values share a slot when their lifetimes do not meet; each slot becomes a
// GPUBuffer of its own, so no dispatch ever reads and writes the same buffer.

/** A value that lives from the dispatch that writes it to the last one that reads it, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface Slots {
  /** For each value the slot that holds it. */
  readonly slotOf: readonly number[];
  /** Bytes of each slot: those of its largest value. */
  readonly sizes: readonly number[];
}

const meet = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;

/** Greedy by size, among values of one size in order or the longest-lived first: whichever needs less. */
export function assignSlots(values: readonly Lifetime[]): Slots {
  const span = ({ first, last }: Lifetime) => last - first;
  const inOrder = greedy(values, () => 0);
  const longestFirst = greedy(values, (a, b) => span(b) - span(a));
  const bytes = ({ sizes }: Slots) => sizes.reduce((a, b) => a + b, 0);
  return bytes(longestFirst) < bytes(inOrder) ? longestFirst : inOrder;
}

/** The largest value first, into the smallest slot that is free through its lifetime. */
function greedy(values: readonly Lifetime[], between: (a: Lifetime, b: Lifetime) => number): Slots {
  const order = values.map((_, i) => i);
  order.sort((a, b) => values[b]!.bytes - values[a]!.bytes || between(values[a]!, values[b]!) || a - b);
  const slotOf: number[] = new Array(values.length).fill(-1);
  const slots: { bytes: number; held: Lifetime[] }[] = [];
  for (const i of order) {
    const value = values[i]!;
    let best = -1;
    for (let s = 0; s < slots.length; s++) {
      const slot = slots[s]!;
      if (slot.held.some((other) => meet(other, value))) continue;
      if (best < 0 || slot.bytes < slots[best]!.bytes) best = s;
    }
    if (best < 0) best = slots.push({ bytes: value.bytes, held: [] }) - 1;
    slots[best]!.held.push(value);
    slotOf[i] = best;
  }
  return { slotOf, sizes: slots.map((slot) => slot.bytes) };
}

/** The most bytes alive at one dispatch: no assignment can need less. */
export function lowerBound(values: readonly Lifetime[]): number {
  const at = new Map<number, number>();
  for (const { first } of values) at.set(first, 0);
  for (const time of at.keys()) {
    let live = 0;
    for (const v of values) if (v.first <= time && time <= v.last) live += v.bytes;
    at.set(time, live);
  }
  return Math.max(0, ...at.values());
}
