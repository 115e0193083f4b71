import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spaced } from '../../src/node/polling.ts';

/** Native to look at and without a name, as the callbacks of Node's addons are. */
const native = Object.defineProperty((() => {}).bind(undefined), 'name', { value: '' });

function recorder() {
  const calls: string[] = [];
  let time = 0;
  const turn = spaced(
    () => calls.push('soon'),
    () => calls.push('later'),
    () => time,
  );
  const wait = (ms: number) => {
    time += ms;
  };
  return { calls, turn, wait };
}

test('turns of native code are spaced out once a wait is long, and at once again in the next wait', () => {
  const { calls, turn, wait } = recorder();
  for (let i = 0; i < 4; i++) {
    turn(native);
    wait(1);
  }
  assert.equal(calls, ['soon', 'soon', 'later', 'later']);
  wait(50);
  turn(native);
  assert.is(calls.at(-1), 'soon');
});

test('all other callbacks are called as ever, with their arguments', () => {
  const { calls, turn, wait } = recorder();
  for (let i = 0; i < 5; i++) {
    turn(() => {});
    turn(function named() {}.bind(undefined));
    wait(1);
  }
  assert.ok(calls.every((each) => each === 'soon'));
  const got: unknown[] = [];
  const direct = spaced(
    (callback, ...args) => callback(...args),
    (callback) => callback(),
    () => 0,
  );
  direct((...args) => void got.push(...args), 1, 'two');
  assert.equal(got, [1, 'two']);
});

test.run();
