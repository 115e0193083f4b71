// The build: `node build/build.mjs` bundles the engine, the Node entry and the command into dist/;
// `node build/build.mjs test` adds the test bundles.
import * as esbuild from 'esbuild';
import { wgslPlugin } from './wgslPlugin.mjs';

/** Options shared by every bundle. @type {import('esbuild').BuildOptions} */
export const common = {
  bundle: true,
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  logLevel: 'warning',
  outdir: 'dist',
  plugins: [wgslPlugin()],
};

/** Bundles for Node: packages stay imports. @type {import('esbuild').BuildOptions} */
export const forNode = { ...common, platform: 'node', packages: 'external', target: 'node20' };
