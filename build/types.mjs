// Declarations for the package, into dist/types: as the TypeScript compiler emits them, less what no entry reaches and what
// only this project resolves. WebGPU's own types came into TypeScript's library with version 6; older compilers get them from
// @webgpu/types, by dist/types/typescript5.
import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** @param {string[]} entries names of files in src, without `.ts` */
export async function emitTypes(entries) {
  const folder = path.join(root, 'dist/types');
  await rm(folder, { recursive: true, force: true });
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', path.join(root, 'build/types.json')], { stdio: 'inherit' });
  const reached = new Set(entries.map((name) => path.join(folder, `${name}.d.ts`)));
  await mkdir(path.join(folder, 'typescript5'));
  for (const name of entries) {
    const file = path.join(folder, 'typescript5', `${name}.d.ts`);
    await writeFile(file, `/// <reference types="@webgpu/types" />\nexport * from '../${name}.js';\n`);
    reached.add(file);
  }
  for (const file of reached) {
    const text = portable(await readFile(file, 'utf8'));
    await writeFile(file, text);
    for (const [, name] of text.matchAll(/['"](\.[^'"\n]*)\.js['"]/g)) {
      reached.add(path.join(path.dirname(file), `${name}.d.ts`));
    }
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !reached.has(file)) await rm(file);
  }
}

/** Imports as other compilers want them: of `.js`, and none of the build's own modules. @param {string} text */
function portable(text) {
  return text.replace(/^import 'plumage:\w+';\n/gm, '').replace(/(['"]\.[^'"\n]*)\.ts(['"])/g, '$1.js$2');
}
