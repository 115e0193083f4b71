// fmaPeak: measures the adapter's arithmetic ceiling; part of no model.

import shader from '../../shaders/fmaPeak.wgsl';
import type { Kernel, Reference } from './kernel.ts';

/** `CHAIN`: multiply-adds of a register in a row in each round, 8 or 1. */
export type FmaPeakKnobs = { WORKGROUP: number; GROUPS: number; ACCUMULATORS: number; ROUNDS: number; CHAIN: number };

export const fmaPeak: Kernel<FmaPeakKnobs> = {
  name: 'fmaPeak',
  shader,
  grid: (k) => [k.GROUPS, 1, 1],
  elements: (k) => ({ x: 2, y: k.GROUPS * k.WORKGROUP }),
  flops: (k) => 2 * 4 * k.CHAIN * k.ACCUMULATORS * k.ROUNDS * k.GROUPS * k.WORKGROUP,
};

export const fmaPeakReference: Reference<FmaPeakKnobs> = ({ x }, k) => {
  const y = new Float64Array(k.GROUPS * k.WORKGROUP);
  for (let id = 0; id < y.length; id++) {
    for (let accumulator = 0; accumulator < 8; accumulator++) {
      let a = id + accumulator;
      const steps = accumulator < k.ACCUMULATORS ? k.CHAIN * k.ROUNDS : 0;
      for (let step = 0; step < steps; step++) a = a * x![0]! + x![1]!;
      y[id]! += 4 * a;
    }
  }
  return { y };
};
