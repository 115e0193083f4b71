import * as fc from 'fast-check';
import { test } from 'uvu';
import { winogradProduct, winogradProductReference } from '../../src/kernels/winogradProduct.ts';
import { checkKernel } from '../harness/kernel.ts';

const check = (T: number, TILES: number, C: number, K: number, WORKGROUP = 64, seed = 1) =>
  checkKernel(winogradProduct, winogradProductReference, { T, TILES, C, K, WORKGROUP }, { seed });

test('winogradProduct: one tile, one channel quad', () => check(1, 1, 4, 4));
test('winogradProduct: whole blocks', () => check(16, 16, 16, 32));
test('winogradProduct: ragged in every direction, a batch of products', () => check(36, 17, 12, 20));
test('winogradProduct: small workgroups', () => check(3, 35, 8, 8, 16));
test('winogradProduct: random shapes', () =>
  fc.assert(
    fc.asyncProperty(
      ...[fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 50 })],
      ...[fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat()],
      (t, tiles, c, k, seed) => check(t!, tiles!, 4 * c!, 4 * k!, 64, seed!),
    ),
    { numRuns: 8, seed: 7 },
  ));

test.run();
