import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pageSize } from '../../build/pageSize.mjs';

test('import * from plumage stays small, carries its WGSL and no wasm', async () => {
  const { code: text, gzip } = await pageSize();
  assert.ok(gzip <= 45_000, `gzip, got ${gzip} bytes, expected at most 45 000`);
  assert.ok(text.includes('workgroupBarrier'), 'the WGSL is inside');
  assert.not(text.includes('WebAssembly'), 'no wasm');
  assert.not(text.includes('"fmaPeak"'), 'nothing that only plumage/measure needs');
  assert.not(text.includes('plumageHead'), 'nothing that only plumage/train needs');
  assert.not(/\bfrom\s*["']node:/.test(text), 'no Node import');
});

test.run();
