// A project that uses the package: packed from a copy of this one and installed from the tarball as a user would, beside an
// older TypeScript. Made once for all tests of a process.

import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { input } from '../../src/graph/node.ts';
import { buildModel, expectedParameters, type ModelConfig, SMALLEST_SIZE } from '../../src/model/config.ts';
import { hashedValues, hashedWeights } from './hashedWeights.ts';

export const run = promisify(execFile);

export interface Consumer {
  /** Of the project, whose `node_modules/plumage` is the package. */
  readonly folder: string;
  /** What `npm pack` packed, sorted. */
  readonly files: readonly string[];
  /** Bytes of the tarball. */
  readonly size: number;
  /** Milliseconds that npm took. */
  readonly times: { readonly pack: number; readonly install: number };
}

/** What the package is made from. */
const sources = [
  'build',
  'docs',
  'shaders',
  'src',
  'web',
  'package.json',
  'tsconfig.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
];

/** Files of this project and of earlier builds of it, which no user needs. */
export const leftovers = [
  'dist/prof.js',
  'dist/index.js.map',
  'dist/shared-OLDBUILD.js',
  'dist/types/removed.d.ts',
  'dist/test/node.js',
  'dist/bench/page.js',
];

let made: Promise<Consumer> | undefined;

export function consumer(): Promise<Consumer> {
  made ??= make();
  return made;
}

async function make(): Promise<Consumer> {
  const root = process.cwd();
  const folder = await mkdtemp(path.join(tmpdir(), 'plumage-package-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const copy = path.join(folder, 'project');
  const project = path.join(folder, 'consumer');
  for (const name of sources) await cp(path.join(root, name), path.join(copy, name), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  for (const name of leftovers) {
    await mkdir(path.join(copy, path.dirname(name)), { recursive: true });
    await writeFile(path.join(copy, name), 'left over');
  }
  const packing = Date.now();
  const pack = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', folder];
  const { stdout } = await run('npm', pack, { cwd: copy, maxBuffer: 2 ** 24 });
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }];
  await mkdir(project);
  await writeFile(path.join(project, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
  const installing = Date.now();
  const tarball = path.join(folder, packed.filename);
  const install = ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball, 'typescript@5.9'];
  await run('npm', install, { cwd: project });
  return {
    folder: project,
    files: packed.files.map(({ path: name }) => name).sort(),
    size: packed.size,
    times: { pack: installing - packing, install: Date.now() - installing },
  };
}

/** ResNet50 with hashed weights for photos of 32 x 32: 94 MB, and no time to run. */
export function smallModel(): Uint8Array {
  const config: ModelConfig = {
    model: 'plain',
    variant: 'v1',
    eps: 1e-3,
    preprocessing: 'torchvision',
    size: SMALLEST_SIZE,
    classes: Array.from({ length: 10 }, (_, i) => `class ${i}`),
  };
  const x = input('x', [1, SMALLEST_SIZE, SMALLEST_SIZE, 3]);
  const tensors = new Map(Object.entries(hashedWeights(expectedParameters(buildModel(config, x)))));
  return writeSafetensors({ tensors, metadata: { plumage: JSON.stringify(config) } });
}

/** A PNG, which every decoder reads alike. */
export function smallPhoto(): Promise<Buffer> {
  const [width, height] = [60, 40];
  const pixels = Uint8Array.from(hashedValues('photo', 3 * width * height, 0, 256), Math.floor);
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}
