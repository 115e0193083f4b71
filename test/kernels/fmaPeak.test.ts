import { test } from 'uvu';
import { fmaPeak, fmaPeakReference } from '../../src/kernels/fmaPeak.ts';
import { checkKernel } from '../harness/kernel.ts';

// Each of the chains is really computed: the result depends on every one.
for (const CHAIN of [1, 8]) {
  for (const ACCUMULATORS of [1, 2, 3, 4, 6, 8]) {
    test(`fmaPeak: ${ACCUMULATORS} accumulators, chains of ${CHAIN}`, () =>
      checkKernel(
        fmaPeak,
        fmaPeakReference,
        { WORKGROUP: 32, GROUPS: 3, ACCUMULATORS, ROUNDS: 2, CHAIN },
        { inputs: { x: new Float32Array([0.75, 0.25]) } },
      ));
  }
}

test.run();
