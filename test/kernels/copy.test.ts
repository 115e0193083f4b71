import { test } from 'uvu';
import { copy, copyReference } from '../../src/kernels/copy.ts';
import { checkKernel } from '../harness/kernel.ts';
import { randomValues } from '../harness/random.ts';

/** Bit by bit: the words of f32 values. */
function check(WORKGROUP: number, GROUPS: number, STEPS: number): Promise<void> {
  const x = new Uint32Array(randomValues(4 * WORKGROUP * GROUPS * STEPS, 1).buffer);
  return checkKernel(copy, copyReference, { WORKGROUP, GROUPS, STEPS }, { inputs: { x }, exact: true });
}

test('copy: one vector', () => check(1, 1, 1));
test('copy: several steps', () => check(64, 3, 5));
test('copy: a grid folded into y', () => check(1, 70_001, 1));

test.run();
