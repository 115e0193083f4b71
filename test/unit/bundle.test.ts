import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('import * from plumage stays small, carries its WGSL and no wasm', async () => {
  const built = await esbuild.build({
    stdin: {
      contents: `import * as plumage from './dist/index.js'; globalThis.plumage = plumage;`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  });
  const code = built.outputFiles[0]!.contents;
  const gzip = gzipSync(code, { level: 9 }).length;
  assert.ok(gzip <= 45_000, `gzip, got ${gzip} bytes, expected at most 45 000`);
  const text = new TextDecoder().decode(code);
  assert.ok(text.includes('workgroupBarrier'), 'the WGSL is inside');
  assert.not(text.includes('WebAssembly'), 'no wasm');
  assert.not(text.includes('"fmaPeak"'), 'nothing that only plumage/measure needs');
  assert.not(text.includes('plumageHead'), 'nothing that only plumage/train needs');
  assert.not(/\bfrom\s*["']node:/.test(text), 'no Node import');
});

test.run();
