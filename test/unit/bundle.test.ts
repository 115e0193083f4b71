import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pageSize } from '../../build/build.mjs';

test('import * from plumage stays small, carries its WGSL and no wasm', async () => {
  const { code, gzip } = await pageSize();
  assert.ok(gzip <= 45_000, `gzip, got ${gzip} bytes, expected at most 45 000`);
  assert.ok(code.includes('workgroupBarrier'), 'the WGSL is inside');
  assert.not(code.includes('WebAssembly'), 'no wasm');
  assert.not(/\bfrom\s*["']node:/.test(code), 'no Node import');
});

test.run();
