// What the tuner and profiles make of coarse clocks: repeats, the fastest form, speeds.

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { enoughRepeats } from '../../src/gpu/clock.ts';
import { speed } from '../../src/gpu/profile.ts';
import { fastest } from '../../src/gpu/tuner.ts';

/** A form of so many milliseconds by a clock of such steps. */
const coarse = (each: number, step: number) => async (repeats: number) => step * Math.floor((each * repeats) / step);
const never = () => false;

test('repeats are doubled until the clock says enough, whatever it said of one', async () => {
  for (const step of [0.1, 1e-6]) {
    assert.is(await enoughRepeats(coarse(0.0101, step), never), 1024, '10 us a form');
    assert.is(await enoughRepeats(coarse(3, step), never), 4);
    assert.is(await enoughRepeats(coarse(40, step), never), 1);
  }
});

test('they have an end where the clock stands still, at once if that takes long', async () => {
  assert.is(await enoughRepeats(async () => 0, never), 4096);
  const sleep = async (repeats: number) => {
    await new Promise((resolve) => setTimeout(resolve, 60 * repeats));
    return 0;
  };
  assert.is(await enoughRepeats(sleep, never), 2);
});

test('none where it gets late', async () => {
  let turns = 0;
  assert.is(await enoughRepeats(coarse(0.01, 0.1), () => ++turns > 3), undefined);
});

test('no speed of what took no time', () => {
  assert.is(speed(2e6, 4), 0.5);
  for (const milliseconds of [0, -0.1]) assert.is(speed(2e9, milliseconds), 0);
});

test('the first choice stays unless a form that was timed is faster', () => {
  const form = (name: string, ...times: number[]) => ({ name, times });
  assert.is(fastest([form('a', 3, 3, 3), form('b', 2, 2, 2)], 'a'), 'b');
  assert.is(fastest([form('a', 2.05, 2, 2), form('b', 2, 2, 2)], 'a'), 'a');
  assert.is(fastest([form('a', 3, 3, 3), form('b')], 'a'), 'a');
  assert.is(fastest([form('a'), form('b', 2, 2, 2)], 'a'), 'a');
  assert.is(fastest([form('c'), form('b', 2, 2, 2)], 'a'), 'b');
});

test.run();
