// Versions of this package and of those that bring WebGPU, for --version and the doctor.

import { readFileSync } from 'node:fs';

export interface Versions {
  readonly plumage: string;
  readonly node: string;
  /** Of the `webgpu` package, which is Dawn. */
  readonly webgpu: string;
  readonly platform: string;
}

export function versions(): Versions {
  const platform = `${process.platform} ${process.arch}`;
  // Bundled into dist/, one folder below the package.
  const plumage = versionAt(new URL('../package.json', import.meta.url));
  return { plumage, node: process.version, webgpu: webgpuVersion(), platform };
}

function webgpuVersion(): string {
  try {
    return versionAt(new URL('package.json', import.meta.resolve('webgpu')));
  } catch {
    return 'not installed';
  }
}

function versionAt(url: URL): string {
  return (JSON.parse(readFileSync(url, 'utf8')) as { version: string }).version;
}
