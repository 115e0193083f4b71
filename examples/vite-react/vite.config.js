import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic' },
  // The package finds its worker beside itself, so it has to stay where it is.
  optimizeDeps: { exclude: ['plumage'] },
});
