import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic' },
  // The package finds its worker beside itself, so it has to stay where it is.
  optimizeDeps: { exclude: ['plumage'] },
  // In this repository it is a link to the project's root; installed from npm it needs no leave.
  server: { fs: { allow: ['../..'] } },
});
