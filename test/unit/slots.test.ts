// Slots against their definition, over random lifetimes.

import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assignSlots, type Lifetime, lowerBound } from '../../src/graph/slots.ts';

const lifetime = fc
  .tuple(fc.integer({ min: 1, max: 1000 }), fc.nat(30), fc.nat(8))
  .map(([bytes, first, length]): Lifetime => ({ bytes, first, last: first + length }));
const lifetimes = fc.array(lifetime, { maxLength: 60 });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const check = (property: fc.IProperty<[Lifetime[]]>) => fc.assert(property, { seed: 1, numRuns: 300 });

test('values that are alive at the same dispatch never share a slot', () => {
  check(
    fc.property(lifetimes, (values) => {
      const { slotOf } = assignSlots(values);
      assert.is(slotOf.length, values.length);
      for (let time = 0; time <= 40; time++) {
        const held = slotOf.filter((_, i) => values[i]!.first <= time && time <= values[i]!.last);
        assert.is(new Set(held).size, held.length, `dispatch ${time}`);
      }
    }),
  );
});

test('every slot is as large as its largest value and no larger', () => {
  check(
    fc.property(lifetimes, (values) => {
      const { slotOf, sizes } = assignSlots(values);
      sizes.forEach((size, slot) => {
        assert.is(size, Math.max(...values.filter((_, i) => slotOf[i] === slot).map(({ bytes }) => bytes)));
      });
    }),
  );
});

test('the lower bound is the most bytes alive at once, and the slots take no less', () => {
  check(
    fc.property(lifetimes, (values) => {
      const alive = Array.from({ length: 41 }, (_, time) =>
        sum(values.filter((v) => v.first <= time && time <= v.last).map((v) => v.bytes)),
      );
      const bound = lowerBound(values);
      assert.is(bound, Math.max(...alive));
      const total = sum(assignSlots(values).sizes);
      assert.ok(bound <= total && total <= sum(values.map((v) => v.bytes)));
    }),
  );
});

test('a chain needs two slots, whatever its length', () => {
  const chain = Array.from({ length: 50 }, (_, i): Lifetime => ({ bytes: 100, first: i, last: i + 1 }));
  assert.equal(assignSlots(chain).sizes, [100, 100]);
});

test.run();
