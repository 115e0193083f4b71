// What a page pays for the engine.
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';

/** Bytes of what `import * from 'plumage'` costs a page: minified, then gzip; what is only imported when it is needed stays out. */
export async function pageSize() {
  const contents = `import * as plumage from './dist/index.js'; globalThis.plumage = plumage;`;
  const stdin = { contents, resolveDir: process.cwd(), sourcefile: 'page.js' };
  const options = /** @type {const} */ ({ bundle: true, minify: true, format: 'esm', splitting: true, outdir: 'page' });
  const { metafile, outputFiles } = await esbuild.build({ stdin, ...options, write: false, metafile: true });
  const first = Object.keys(metafile.outputs).find((name) => metafile.outputs[name]?.entryPoint === 'page.js') ?? '';
  const loaded = new Set([first]);
  for (const name of loaded) {
    for (const { path: file, kind } of metafile.outputs[name]?.imports ?? [])
      if (kind === 'import-statement') loaded.add(file);
  }
  const files = outputFiles.filter(({ path: file }) => loaded.has(path.relative(process.cwd(), file)));
  const bytes = files.map(({ contents }) => ({
    minified: contents.length,
    gzip: gzipSync(contents, { level: 9 }).length,
  }));
  const sum = (/** @type {'minified' | 'gzip'} */ what) => bytes.reduce((total, each) => total + each[what], 0);
  return { code: files.map(({ text }) => text).join('\n'), minified: sum('minified'), gzip: sum('gzip') };
}
